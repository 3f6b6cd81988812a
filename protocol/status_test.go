package protocol_test

import (
	"errors"
	"testing"

	"github.com/tusker-go/tusker/protocol"
)

var ops = []protocol.Op{
	protocol.OpOptions, protocol.OpCreate, protocol.OpHead,
	protocol.OpPatch, protocol.OpTerminate, protocol.OpConcat,
}

// Any 2xx is a success. The headers say whether the answer has what is needed.
func TestStatusErrorSuccess(t *testing.T) {
	for _, op := range ops {
		for status := range 1000 {
			if got, want := protocol.StatusError(op, status) == nil, status >= 200 && status < 300; got != want {
				t.Errorf("%s: success with %d: %t, want %t", op, status, got, want)
			}
		}
	}
}

func TestStatusError(t *testing.T) {
	tests := []struct {
		op     protocol.Op
		status int
		kind   error
		text   string
	}{
		{protocol.OpHead, 301, protocol.ErrRedirect, "redirect (301)"},
		{protocol.OpHead, 308, protocol.ErrRedirect, "redirect (308)"},
		{protocol.OpPatch, 400, protocol.ErrBadRequest, "bad request (400)"},
		{protocol.OpPatch, 401, protocol.ErrUnauthorized, "unauthorized (401)"},
		{protocol.OpPatch, 403, protocol.ErrForbidden, "forbidden (403)"},
		{protocol.OpHead, 404, protocol.ErrNotFound, "not found (404)"},
		{protocol.OpCreate, 405, protocol.ErrMethodNotAllowed, "method not allowed (405)"},
		{protocol.OpCreate, 407, protocol.ErrProxyAuth, "proxy requires credentials (407)"},
		{protocol.OpPatch, 408, protocol.ErrTimeout, "request timeout (408)"},
		{protocol.OpPatch, 409, protocol.ErrOffsetMismatch, "offset mismatch (409)"},
		{protocol.OpCreate, 409, protocol.ErrConflict, "conflict (409)"},
		{protocol.OpHead, 409, protocol.ErrConflict, "conflict (409)"},
		{protocol.OpHead, 410, protocol.ErrGone, "gone (410)"},
		{protocol.OpHead, 412, protocol.ErrUnsupportedVersion, "unsupported version (412)"},
		{protocol.OpCreate, 413, protocol.ErrTooLarge, "too large (413)"},
		{protocol.OpPatch, 415, protocol.ErrUnsupportedMediaType, "unsupported media type (415)"},
		{protocol.OpPatch, 417, protocol.ErrExpectationFailed, "expectation failed (417)"},
		{protocol.OpPatch, 423, protocol.ErrLocked, "locked (423)"},
		{protocol.OpPatch, 425, protocol.ErrTooEarly, "too early (425)"},
		{protocol.OpPatch, 429, protocol.ErrTooManyRequests, "too many requests (429)"},
		{protocol.OpPatch, 460, protocol.ErrChecksumMismatch, "checksum mismatch (460)"},
		{protocol.OpPatch, 500, protocol.ErrServer, "server error (500)"},
		{protocol.OpConcat, 501, protocol.ErrNotImplemented, "not implemented (501)"},
		{protocol.OpPatch, 502, protocol.ErrServer, "server error (502)"},
		{protocol.OpPatch, 503, protocol.ErrUnavailable, "service unavailable (503)"},
		{protocol.OpPatch, 507, protocol.ErrInsufficientStorage, "insufficient storage (507)"},
		{protocol.OpPatch, 599, protocol.ErrServer, "server error (599)"},
		{protocol.OpPatch, 0, protocol.ErrUnexpectedStatus, "unexpected status (0)"},
		{protocol.OpPatch, 100, protocol.ErrUnexpectedStatus, "unexpected status (100)"},
		{protocol.OpPatch, 101, protocol.ErrUnexpectedStatus, "unexpected status (101)"},
		{protocol.OpCreate, 199, protocol.ErrUnexpectedStatus, "unexpected status (199)"},
		{protocol.OpHead, 199, protocol.ErrUnexpectedStatus, "unexpected status (199)"},
		{protocol.OpHead, 418, protocol.ErrUnexpectedStatus, "unexpected status (418)"},
		{protocol.OpHead, 600, protocol.ErrUnexpectedStatus, "unexpected status (600)"},
		{protocol.OpHead, -301, protocol.ErrUnexpectedStatus, "unexpected status (-301)"},
	}
	for _, tt := range tests {
		t.Run(string(tt.op)+" "+tt.text, func(t *testing.T) {
			checkError(t, protocol.StatusError(tt.op, tt.status), tt.kind, tt.text)
		})
	}
}

func TestStatusErrorOf5xxIsErrServer(t *testing.T) {
	for status := 500; status < 600; status++ {
		if !errors.Is(protocol.StatusError(protocol.OpPatch, status), protocol.ErrServer) {
			t.Errorf("status %d is not ErrServer", status)
		}
	}
}

func TestStatusErrorConflictIsNoOffsetMismatch(t *testing.T) {
	for _, op := range ops {
		err := protocol.StatusError(op, 409)
		isMismatch := errors.Is(err, protocol.ErrOffsetMismatch)
		if isMismatch == errors.Is(err, protocol.ErrConflict) || isMismatch != (op == protocol.OpPatch) {
			t.Errorf("%s: status 409 is %v, want ErrConflict: %t", op, err, op != protocol.OpPatch)
		}
	}
}
