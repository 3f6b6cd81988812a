package failure

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
		want Class
		lost bool // the server may have done what it was asked
	}{
		"refused":              {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, ClassTransient, false},
		"no such host":         {&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}, ClassTransient, false},
		"reset":                {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, ClassTransient, true},
		"broken pipe":          {&net.OpError{Op: "write", Err: syscall.EPIPE}, ClassTransient, true},
		"end of file":          {io.EOF, ClassTransient, true},
		"half an answer":       {io.ErrUnexpectedEOF, ClassTransient, true},
		"timeout of a try":     {context.DeadlineExceeded, ClassTransient, true},
		"stalled":              {ErrStalled, ClassTransient, true},
		"unknown":              {errors.New("stream error: REFUSED_STREAM"), ClassTransient, true},
		"source":               {fmt.Errorf("%w: %w", ErrSource, io.ErrUnexpectedEOF), ClassFinal, false},
		"URL":                  {ErrInvalidURL, ClassFinal, false},
		"option":               {ErrInvalidOption, ClassFinal, false},
		"no endpoint":          {ErrNoEndpoint, ClassFinal, false},
		"metadata":             {protocol.ErrInvalidMetadata, ClassFinal, false},
		"concatenation":        {protocol.ErrInvalidConcat, ClassFinal, false},
		"offset":               {protocol.ErrInvalidOffset, ClassFinal, false},
		"redirected":           {ErrRedirected, ClassFinal, false},
		"redirected to http":   {nethttp.ErrInsecureRedirect, ClassFinal, false},
		"http on https":        {http.ErrSchemeMismatch, ClassFinal, false},
		"not TLS":              {tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, ClassFinal, false},
		"unknown authority":    {&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, ClassFinal, false},
		"bare authority":       {x509.UnknownAuthorityError{}, ClassFinal, false},
		"another name":         {x509.HostnameError{Certificate: &x509.Certificate{}}, ClassFinal, false},
		"expired":              {x509.CertificateInvalidError{Reason: x509.Expired}, ClassFinal, false},
		"bad certificate":      {remote(42), ClassFinal, false},
		"unknown CA":           {remote(48), ClassFinal, false},
		"certificate required": {remote(116), ClassFinal, false},
		"handshake failure":    {remote(40), ClassFinal, false},
		"internal error":       {remote(80), ClassTransient, true},
		"close notify":         {remote(0), ClassTransient, true},
		"words from the peer":  {&net.OpError{Op: "remote error", Err: errors.New("tls: oops")}, ClassTransient, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			// As net/http and the client wrap it.
			err := NetworkError(&url.Error{Op: "Post", URL: "http://h/", Err: test.err})
			e := &Error{Op: protocol.OpCreate, Err: err, Class: WithoutAnswer(err)}
			if got := e.Class; got != test.want {
				t.Errorf("class %d, want %d", got, test.want)
			}
			if retry.Retryable(e) != test.want.Retryable() {
				t.Errorf("retryable: %t", retry.Retryable(e))
			}
			if got := e.AnswerLost(); got != test.lost {
				t.Errorf("answer lost: %t", got)
			}
		})
	}
}

func TestRetryableClasses(t *testing.T) {
	for class, want := range map[Class]bool{
		ClassFinal: false, ClassGone: false, ClassProxyLimit: false, ClassAuth: false,
		ClassTransient: true, ClassLocked: true, ClassThrottled: true, ClassResync: true, ClassIntegrity: true,
	} {
		if class.Retryable() != want {
			t.Errorf("class %d: retryable %t", class, !want)
		}
	}
}

// A request that was not a creation may have been lost as well.
func TestAnswerLost(t *testing.T) {
	lost := func(err error) *Error { return &Error{Op: protocol.OpTerminate, Err: err} }
	tests := map[string]struct {
		err  *Error
		want bool
	}{
		"reset":              {lost(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), true},
		"refused":            {lost(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), false},
		"no such host":       {lost(&net.DNSError{IsNotFound: true}), false},
		"no token":           {lost(transport.ErrNoCredentials), false},
		"504 of a gateway":   {&Error{StatusCode: 504}, true},
		"503 of the server":  {&Error{StatusCode: 503}, false},
		"another success":    {&Error{StatusCode: 202}, false},
		"cannot be sent":     {lost(ErrInvalidURL), false},
		"certificate":        {lost(x509.UnknownAuthorityError{}), false},
		"no sign of life":    {lost(ErrStalled), true},
		"the source, not it": {lost(fmt.Errorf("%w: %w", ErrSource, io.ErrUnexpectedEOF)), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.err.AnswerLost(); got != test.want {
				t.Errorf("%t", got)
			}
		})
	}
}

// An error that a user's Doer marks as permanent is not retried.
func TestPermanentIsHonoured(t *testing.T) {
	e := &Error{Op: protocol.OpPatch, Err: retry.Permanent(errors.New("quota"))}
	if retry.Retryable(e) {
		t.Error("retryable")
	}
}
