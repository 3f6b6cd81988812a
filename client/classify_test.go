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
		want   class
	}{
		{protocol.OpPatch, 301, "", classFinal},
		{protocol.OpPatch, 400, "", classFinal},
		{protocol.OpPatch, 400, "ERR_UPLOAD_INTERRUPTED: upload has been interrupted", classTransient},
		{protocol.OpPatch, 400, "ERR_UNEXPECTED_EOF: server expected to receive more bytes", classTransient},
		{protocol.OpPatch, 400, "Request aborted due to lock acquired by another request", classTransient},
		{protocol.OpPatch, 400, "ERR_UPLOAD_REJECTED: no", classFinal},
		{protocol.OpPatch, 400, "ERR_UPLOAD_STOPPED: no", classFinal},
		{protocol.OpPatch, 400, "ERR_HEARD_OF_NEVER: no", classFinal},
		{protocol.OpPatch, 401, "", classAuth},
		{protocol.OpPatch, 403, "", classAuth},
		{protocol.OpPatch, 404, "", classGone},
		{protocol.OpPatch, 404, "ERR_UPLOAD_NOT_FOUND: upload not found", classGone},
		{protocol.OpPatch, 405, "", classFinal},
		{protocol.OpPatch, 408, "", classTransient},
		{protocol.OpPatch, 409, "", classResync},
		{protocol.OpPatch, 409, "ERR_MISMATCHED_OFFSET: mismatched offset", classResync},
		{protocol.OpPatch, 409, "The upload is locked by somebody", classLocked},
		{protocol.OpPatch, 409, "Video is currently being updated", classLocked},
		{protocol.OpCreate, 409, "it exists", classFinal},
		{protocol.OpPatch, 410, "", classGone},
		{protocol.OpPatch, 412, "", classFinal},
		{protocol.OpPatch, 413, "", classFinal},
		{protocol.OpCreate, 413, "ERR_MAX_SIZE_EXCEEDED: maximum size exceeded", classFinal},
		{protocol.OpPatch, 413, "ERR_UPLOAD_SIZE_EXCEEDED: upload's size exceeded", classFinal},
		{protocol.OpPatch, 415, "", classFinal},
		{protocol.OpPatch, 417, "", classFinal},
		{protocol.OpPatch, 418, "", classFinal},
		{protocol.OpPatch, 423, "", classLocked},
		{protocol.OpPatch, 423, "ERR_UPLOAD_LOCKED: file currently locked", classLocked},
		{protocol.OpPatch, 425, "", classTransient},
		{protocol.OpPatch, 429, "", classThrottled},
		{protocol.OpPatch, 460, "", classIntegrity},
		{protocol.OpPatch, 500, "", classTransient},
		{protocol.OpHead, 500, "ERR_LOCK_TIMEOUT: failed to acquire lock before timeout", classTransient},
		{protocol.OpPatch, 500, "ERR_READ_TIMEOUT: timeout while reading request body", classTransient},
		{protocol.OpPatch, 500, "ERR_CONNECTION_RESET: TCP connection reset by peer", classTransient},
		{protocol.OpPatch, 501, "", classFinal},
		{protocol.OpPatch, 502, "", classTransient},
		{protocol.OpPatch, 503, "", classTransient},
		{protocol.OpPatch, 503, "Lock timeout", classLocked},
		{protocol.OpPatch, 503, "ERR_SERVER_SHUTDOWN: request has been interrupted because the server is shutting down", classTransient},
		{protocol.OpPatch, 504, "", classTransient},
		{protocol.OpPatch, 505, "", classFinal},
		{protocol.OpPatch, 520, "", classTransient},
		{protocol.OpHead, 202, "", classFinal},
	}
	for _, test := range tests {
		e := answered(test.op, test.status, test.body)
		if got := classify(e); got != test.want {
			t.Errorf("%s answered %d %q: class %d, want %d", test.op, test.status, test.body, got, test.want)
		}
	}
}

func TestClassifyAnswersThatFit(t *testing.T) {
	tests := map[string]struct {
		err  *Error
		want class
	}{
		"told to wait":               {&Error{Op: protocol.OpPatch, StatusCode: 503, After: time.Second, Err: protocol.ErrUnavailable}, classThrottled},
		"PATCH without offset":       {&Error{Op: protocol.OpPatch, StatusCode: 204, Err: protocol.ErrMissingHeader}, classTransient},
		"PATCH with garbage":         {&Error{Op: protocol.OpPatch, StatusCode: 204, Err: protocol.ErrInvalidOffset}, classTransient},
		"PATCH went back":            {&Error{Op: protocol.OpPatch, StatusCode: 204, Err: protocol.ErrOffsetBack}, classTransient},
		"PATCH beyond":               {&Error{Op: protocol.OpPatch, StatusCode: 204, Err: protocol.ErrOffsetBeyond}, classTransient},
		"PATCH kept nothing":         {&Error{Op: protocol.OpPatch, StatusCode: 204, Err: ErrNoProgress}, classTransient},
		"HEAD without offset":        {&Error{Op: protocol.OpHead, StatusCode: 200, Err: protocol.ErrMissingHeader}, classFinal},
		"HEAD with garbage":          {&Error{Op: protocol.OpHead, StatusCode: 200, Err: protocol.ErrInvalidOffset}, classFinal},
		"HEAD claims too much":       {&Error{Op: protocol.OpHead, StatusCode: 200, Err: ErrIntegrity}, classFinal},
		"HEAD of another length":     {&Error{Op: protocol.OpHead, StatusCode: 200, Err: ErrLengthMismatch}, classFinal},
		"creation without Location":  {&Error{Op: protocol.OpCreate, StatusCode: 201, Err: protocol.ErrMissingHeader}, classFinal},
		"creation with bad Location": {&Error{Op: protocol.OpCreate, StatusCode: 201, Err: ErrInvalidLocation}, classFinal},
		"insecure Location":          {&Error{Op: protocol.OpCreate, StatusCode: 201, Err: ErrInsecureLocation}, classFinal},
		"redirected":                 {&Error{Op: protocol.OpPatch, StatusCode: 302, Err: ErrRedirected}, classFinal},
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
		want      class
		ambiguous bool // where it was a creation
	}{
		"refused":              {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, classTransient, false},
		"no such host":         {&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}, classTransient, false},
		"reset":                {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, classTransient, true},
		"broken pipe":          {&net.OpError{Op: "write", Err: syscall.EPIPE}, classTransient, true},
		"end of file":          {io.EOF, classTransient, true},
		"half an answer":       {io.ErrUnexpectedEOF, classTransient, true},
		"timeout of a try":     {context.DeadlineExceeded, classTransient, true},
		"stalled":              {ErrStalled, classTransient, true},
		"unknown":              {errors.New("stream error: REFUSED_STREAM"), classTransient, true},
		"source":               {sourceError(io.ErrUnexpectedEOF), classFinal, false},
		"URL":                  {ErrInvalidURL, classFinal, false},
		"header":               {ErrInvalidHeader, classFinal, false},
		"option":               {ErrInvalidOption, classFinal, false},
		"no endpoint":          {ErrNoEndpoint, classFinal, false},
		"metadata":             {protocol.ErrInvalidMetadata, classFinal, false},
		"concatenation":        {protocol.ErrInvalidConcat, classFinal, false},
		"offset":               {protocol.ErrInvalidOffset, classFinal, false},
		"redirected":           {ErrRedirected, classFinal, false},
		"redirected to http":   {nethttp.ErrInsecureRedirect, classFinal, false},
		"http on https":        {http.ErrSchemeMismatch, classFinal, false},
		"not TLS":              {tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, classFinal, false},
		"unknown authority":    {&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, classAuth, false},
		"bare authority":       {x509.UnknownAuthorityError{}, classAuth, false},
		"another name":         {x509.HostnameError{Certificate: &x509.Certificate{}}, classAuth, false},
		"expired":              {x509.CertificateInvalidError{Reason: x509.Expired}, classAuth, false},
		"bad certificate":      {remote(42), classAuth, false},
		"unknown CA":           {remote(48), classAuth, false},
		"certificate required": {remote(116), classAuth, false},
		"handshake failure":    {remote(40), classAuth, false},
		"internal error":       {remote(80), classTransient, true},
		"close notify":         {remote(0), classTransient, true},
		"words from the peer":  {&net.OpError{Op: "remote error", Err: errors.New("tls: oops")}, classTransient, true},
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
	for class, want := range map[class]bool{
		classFinal: false, classGone: false, classAuth: false,
		classTransient: true, classLocked: true, classThrottled: true, classResync: true, classIntegrity: true,
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

// What a user's Doer marks as permanent is not tried again.
func TestPermanentIsHonoured(t *testing.T) {
	e := &Error{Op: protocol.OpPatch, Err: retry.Permanent(errors.New("quota"))}
	if retry.Retryable(e) {
		t.Error("retryable")
	}
}
