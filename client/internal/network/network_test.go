package network_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"testing"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/network"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// alert is how crypto/tls reports what the peer said: an unexported number.
type alert uint8

func (a alert) Error() string { return fmt.Sprintf("alert %d", uint8(a)) }

func TestClassifyFailures(t *testing.T) {
	remote := func(a alert) error { return &net.OpError{Op: "remote error", Err: a} }
	tests := map[string]struct {
		err  error
		want failure.Class
		lost bool // the server may have done what it was asked
	}{
		"refused":              {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, failure.ClassTransient, false},
		"no such host":         {&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}, failure.ClassTransient, false},
		"reset":                {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, failure.ClassTransient, true},
		"broken pipe":          {&net.OpError{Op: "write", Err: syscall.EPIPE}, failure.ClassTransient, true},
		"end of file":          {io.EOF, failure.ClassTransient, true},
		"half an answer":       {io.ErrUnexpectedEOF, failure.ClassTransient, true},
		"timeout of a try":     {context.DeadlineExceeded, failure.ClassTransient, true},
		"stalled":              {failure.ErrStalled, failure.ClassTransient, true},
		"unknown":              {errors.New("stream error: REFUSED_STREAM"), failure.ClassTransient, true},
		"source":               {fmt.Errorf("%w: %w", failure.ErrSource, io.ErrUnexpectedEOF), failure.ClassFinal, false},
		"URL":                  {failure.ErrInvalidURL, failure.ClassFinal, false},
		"option":               {failure.ErrInvalidOption, failure.ClassFinal, false},
		"no endpoint":          {failure.ErrNoEndpoint, failure.ClassFinal, false},
		"metadata":             {protocol.ErrInvalidMetadata, failure.ClassFinal, false},
		"concatenation":        {protocol.ErrInvalidConcat, failure.ClassFinal, false},
		"offset":               {protocol.ErrInvalidOffset, failure.ClassFinal, false},
		"redirected":           {failure.ErrRedirected, failure.ClassFinal, false},
		"redirected to http":   {nethttp.ErrInsecureRedirect, failure.ClassFinal, false},
		"http on https":        {http.ErrSchemeMismatch, failure.ClassFinal, false},
		"not TLS":              {tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, failure.ClassFinal, false},
		"unknown authority":    {&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, failure.ClassFinal, false},
		"bare authority":       {x509.UnknownAuthorityError{}, failure.ClassFinal, false},
		"another name":         {x509.HostnameError{Certificate: &x509.Certificate{}}, failure.ClassFinal, false},
		"expired":              {x509.CertificateInvalidError{Reason: x509.Expired}, failure.ClassFinal, false},
		"bad certificate":      {remote(42), failure.ClassFinal, false},
		"unknown CA":           {remote(48), failure.ClassFinal, false},
		"certificate required": {remote(116), failure.ClassFinal, false},
		"handshake failure":    {remote(40), failure.ClassFinal, false},
		"internal error":       {remote(80), failure.ClassTransient, true},
		"close notify":         {remote(0), failure.ClassTransient, true},
		"words from the peer":  {&net.OpError{Op: "remote error", Err: errors.New("tls: oops")}, failure.ClassTransient, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			// As net/http and the client wrap it.
			err := network.Error(&url.Error{Op: "Post", URL: "http://h/", Err: test.err})
			e := &failure.Error{Op: protocol.OpCreate, Err: err, Class: network.Class(err)}
			if got := e.Class; got != test.want {
				t.Errorf("class %d, want %d", got, test.want)
			}
			if retry.Retryable(e) != test.want.Retryable() {
				t.Errorf("retryable: %t, want %t", retry.Retryable(e), test.want.Retryable())
			}
			if got := network.MayHaveArrived(err); got != test.lost {
				t.Errorf("answer lost: %t", got)
			}
		})
	}
}

// A request that was not a creation may have been lost as well.
func TestMayHaveArrived(t *testing.T) {
	tests := map[string]struct {
		err  error
		want bool
	}{
		"reset":               {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, true},
		"refused":             {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, false},
		"no such host":        {&net.DNSError{IsNotFound: true}, false},
		"no token":            {transport.ErrNoCredentials, false},
		"cannot be sent":      {failure.ErrInvalidURL, false},
		"certificate":         {x509.UnknownAuthorityError{}, false},
		"no sign of life":     {failure.ErrStalled, true},
		"error of the source": {fmt.Errorf("%w: %w", failure.ErrSource, io.ErrUnexpectedEOF), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := network.MayHaveArrived(test.err); got != test.want {
				t.Errorf("%t, want %t", got, test.want)
			}
		})
	}
}
