package client

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
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// answered is an Error as an answer makes it.
func answered(op protocol.Op, status int, body string) *Error {
	return &Error{Op: op, StatusCode: status, Code: errorCode(body), Body: body, Err: protocol.StatusError(op, status)}
}

func TestClassifyAnswers(t *testing.T) {
	tests := []struct {
		op     protocol.Op
		status int
		body   string
		want   Class
	}{
		{protocol.OpPatch, 301, "", ClassFinal},
		{protocol.OpPatch, 400, "", ClassFinal},
		{protocol.OpPatch, 400, "ERR_UPLOAD_INTERRUPTED: upload has been interrupted", ClassTransient},
		{protocol.OpPatch, 400, "ERR_UNEXPECTED_EOF: server expected to receive more bytes", ClassTransient},
		{protocol.OpPatch, 400, "Request aborted due to lock acquired by another request", ClassTransient},
		{protocol.OpPatch, 400, "ERR_UPLOAD_REJECTED: no", ClassFinal},
		{protocol.OpPatch, 400, "ERR_UPLOAD_STOPPED: no", ClassFinal},
		{protocol.OpPatch, 400, "ERR_HEARD_OF_NEVER: no", ClassFinal},
		{protocol.OpPatch, 401, "", ClassAuth},
		{protocol.OpPatch, 403, "", ClassFinal},
		{protocol.OpPatch, 404, "", ClassGone},
		{protocol.OpPatch, 404, "ERR_UPLOAD_NOT_FOUND: upload not found", ClassGone},
		{protocol.OpPatch, 405, "", ClassFinal},
		{protocol.OpPatch, 408, "", ClassTransient},
		{protocol.OpPatch, 409, "", ClassResync},
		{protocol.OpPatch, 409, "ERR_MISMATCHED_OFFSET: mismatched offset", ClassResync},
		{protocol.OpPatch, 409, "The upload is locked by somebody", ClassLocked},
		{protocol.OpPatch, 409, "Video is currently being updated", ClassLocked},
		{protocol.OpCreate, 409, "it exists", ClassFinal},
		{protocol.OpPatch, 410, "", ClassGone},
		{protocol.OpPatch, 412, "", ClassFinal},
		{protocol.OpPatch, 413, "", ClassProxyLimit},
		{protocol.OpCreate, 413, "", ClassFinal},
		{protocol.OpCreate, 413, "ERR_MAX_SIZE_EXCEEDED: maximum size exceeded", ClassFinal},
		{protocol.OpPatch, 413, "ERR_UPLOAD_SIZE_EXCEEDED: upload's size exceeded", ClassFinal},
		{protocol.OpPatch, 415, "", ClassFinal},
		{protocol.OpPatch, 417, "", ClassFinal},
		{protocol.OpPatch, 418, "", ClassFinal},
		{protocol.OpPatch, 423, "", ClassLocked},
		{protocol.OpPatch, 423, "ERR_UPLOAD_LOCKED: file currently locked", ClassLocked},
		{protocol.OpPatch, 425, "", ClassTransient},
		{protocol.OpPatch, 429, "", ClassThrottled},
		{protocol.OpPatch, 460, "", ClassIntegrity},
		{protocol.OpPatch, 500, "", ClassTransient},
		{protocol.OpHead, 500, "ERR_LOCK_TIMEOUT: failed to acquire lock before timeout", ClassTransient},
		{protocol.OpPatch, 500, "ERR_READ_TIMEOUT: timeout while reading request body", ClassTransient},
		{protocol.OpPatch, 500, "ERR_CONNECTION_RESET: TCP connection reset by peer", ClassTransient},
		{protocol.OpPatch, 501, "", ClassFinal},
		{protocol.OpPatch, 502, "", ClassTransient},
		{protocol.OpPatch, 503, "", ClassTransient},
		{protocol.OpPatch, 503, "Lock timeout", ClassLocked},
		{protocol.OpPatch, 503, "ERR_SERVER_SHUTDOWN: request has been interrupted because the server is shutting down", ClassTransient},
		{protocol.OpPatch, 503, "LOCK_HELD by node 3", ClassLocked},
		{protocol.OpHead, 503, "upload is locked", ClassLocked},
		{protocol.OpHead, 503, "{\"error\":\"ERR_UPLOAD_LOCKED\"}", ClassLocked},
		{protocol.OpPatch, 503, "another process locks the file", ClassLocked},
		{protocol.OpPatch, 503, "you are blocked", ClassTransient},
		{protocol.OpPatch, 503, "12 o'clock", ClassTransient},
		{protocol.OpPatch, 503, "unlocked", ClassTransient},
		{protocol.OpPatch, 503, "\n<html><p style=display:block>the site is locked</p>", ClassTransient},
		{protocol.OpPatch, 409, "<p>lock</p>", ClassResync},
		{protocol.OpPatch, 409, "blocked by a rule", ClassResync},
		{protocol.OpPatch, 504, "", ClassTransient},
		{protocol.OpPatch, 505, "", ClassFinal},
		{protocol.OpPatch, 520, "", ClassTransient},
		{protocol.OpHead, 202, "", ClassFinal},
	}
	for _, test := range tests {
		e := answered(test.op, test.status, test.body)
		if got := classify(e); got != test.want {
			t.Errorf("%s answered %d %q: class %d, want %d", test.op, test.status, test.body, got, test.want)
		}
	}
}

// Who says when to come again is believed before the words that go with it, but
// not before a code.
func TestClassifyAnswersWithRetryAfter(t *testing.T) {
	tests := []struct {
		status int
		body   string
		want   Class
	}{
		{503, "<!DOCTYPE html><style>p{display:block}</style>", ClassThrottled},
		{503, "too busy to take a lock", ClassThrottled},
		{503, "lock timeout in the database", ClassThrottled},
		{503, "Lock timeout\n", ClassLocked},
		{429, "locked", ClassThrottled},
		{503, "ERR_UPLOAD_LOCKED: file currently locked", ClassLocked},
		{423, "", ClassLocked},
		{409, "file currently locked", ClassLocked},
	}
	for _, test := range tests {
		e := answered(protocol.OpPatch, test.status, test.body)
		e.After = 20 * time.Second
		if got := classify(e); got != test.want {
			t.Errorf("%d %q: class %v, want %v", test.status, test.body, got, test.want)
		}
	}
}

func TestClassifyAnswersThatFit(t *testing.T) {
	tests := map[string]struct {
		err  *Error
		want Class
	}{
		"told to wait":               {&Error{Op: protocol.OpPatch, StatusCode: 503, After: time.Second, Err: protocol.ErrUnavailable}, ClassThrottled},
		"PATCH without offset":       {&Error{Op: protocol.OpPatch, StatusCode: 204, Err: protocol.ErrMissingHeader}, ClassTransient},
		"PATCH with garbage":         {&Error{Op: protocol.OpPatch, StatusCode: 204, Err: protocol.ErrInvalidOffset}, ClassTransient},
		"PATCH went back":            {&Error{Op: protocol.OpPatch, StatusCode: 204, Err: protocol.ErrOffsetBack}, ClassTransient},
		"PATCH beyond":               {&Error{Op: protocol.OpPatch, StatusCode: 204, Err: protocol.ErrOffsetBeyond}, ClassTransient},
		"PATCH kept nothing":         {&Error{Op: protocol.OpPatch, StatusCode: 204, Err: ErrNoProgress}, ClassTransient},
		"PATCH was another success":  {&Error{Op: protocol.OpPatch, StatusCode: 202, Err: protocol.ErrUnexpectedStatus}, ClassTransient},
		"HEAD without offset":        {&Error{Op: protocol.OpHead, StatusCode: 200, Err: protocol.ErrMissingHeader}, ClassFinal},
		"HEAD with garbage":          {&Error{Op: protocol.OpHead, StatusCode: 200, Err: protocol.ErrInvalidOffset}, ClassFinal},
		"HEAD claims too much":       {&Error{Op: protocol.OpHead, StatusCode: 200, Err: ErrIntegrity}, ClassFinal},
		"HEAD of another length":     {&Error{Op: protocol.OpHead, StatusCode: 200, Err: ErrLengthMismatch}, ClassFinal},
		"creation without Location":  {&Error{Op: protocol.OpCreate, StatusCode: 201, Err: protocol.ErrMissingHeader}, ClassFinal},
		"creation with bad Location": {&Error{Op: protocol.OpCreate, StatusCode: 201, Err: ErrInvalidLocation}, ClassFinal},
		"insecure Location":          {&Error{Op: protocol.OpCreate, StatusCode: 201, Err: ErrInsecureLocation}, ClassFinal},
		"redirected":                 {&Error{Op: protocol.OpPatch, StatusCode: 302, Err: ErrRedirected}, ClassFinal},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := classify(test.err); got != test.want {
				t.Errorf("class %d, want %d", got, test.want)
			}
		})
	}
}

// alert is how crypto/tls reports what the peer said: an unexported number.
type alert uint8

func (a alert) Error() string { return fmt.Sprintf("alert %d", uint8(a)) }

func TestClassifyFailures(t *testing.T) {
	remote := func(a alert) error { return &net.OpError{Op: "remote error", Err: a} }
	tests := map[string]struct {
		err       error
		want      Class
		ambiguous bool // where it was a creation
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
		"source":               {sourceError(io.ErrUnexpectedEOF), ClassFinal, false},
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
			e := &Error{Op: protocol.OpCreate, Err: &redacted{&url.Error{Op: "Post", URL: "http://h/", Err: test.err}}}
			if got := classify(e); got != test.want {
				t.Errorf("class %d, want %d", got, test.want)
			}
			if retry.Retryable(e) != test.want.retryable() {
				t.Errorf("retryable: %t", retry.Retryable(e))
			}
			if got := isAmbiguous(e); got != test.ambiguous {
				t.Errorf("ambiguous: %t", got)
			}
		})
	}
}

func TestRetryableClasses(t *testing.T) {
	for class, want := range map[Class]bool{
		ClassFinal: false, ClassGone: false, ClassProxyLimit: false, ClassAuth: false,
		ClassTransient: true, ClassLocked: true, ClassThrottled: true, ClassResync: true, ClassIntegrity: true,
	} {
		if class.retryable() != want {
			t.Errorf("class %d: retryable %t", class, !want)
		}
	}
}

func TestIsAmbiguous(t *testing.T) {
	tests := map[string]struct {
		err  error
		want bool
	}{
		"success without Location": {answered(protocol.OpCreate, 201, ""), true},
		"502 of a gateway":         {answered(protocol.OpCreate, 502, ""), true},
		"504 of a gateway":         {answered(protocol.OpConcat, 504, ""), true},
		"502 to a HEAD":            {answered(protocol.OpHead, 502, ""), false},
		"no token":                 {&Error{Op: protocol.OpCreate, Err: fmt.Errorf("%w: %w", transport.ErrNoCredentials, io.EOF)}, false},
		"refused by the server":    {answered(protocol.OpCreate, 503, ""), false},
		"not an exchange":          {io.EOF, false},
		"redirected to a GET":      {&Error{Op: protocol.OpCreate, StatusCode: 200, Err: ErrRedirected}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := isAmbiguous(test.err); got != test.want {
				t.Errorf("%t", got)
			}
		})
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
		"504 of a gateway":   {answered(protocol.OpTerminate, 504, ""), true},
		"503 of the server":  {answered(protocol.OpTerminate, 503, ""), false},
		"another success":    {answered(protocol.OpTerminate, 202, ""), false},
		"cannot be sent":     {lost(ErrInvalidURL), false},
		"certificate":        {lost(x509.UnknownAuthorityError{}), false},
		"no sign of life":    {lost(ErrStalled), true},
		"the source, not it": {lost(sourceError(io.ErrUnexpectedEOF)), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.err.AnswerLost(); got != test.want {
				t.Errorf("%t", got)
			}
		})
	}
}

// What a user's Doer marks as permanent is not tried again.
func TestPermanentIsHonoured(t *testing.T) {
	e := &Error{Op: protocol.OpPatch, Err: retry.Permanent(errors.New("quota"))}
	if retry.Retryable(e) {
		t.Error("retryable")
	}
}
