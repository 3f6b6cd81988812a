package tus

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// answered returns the error of an exchange that was answered with status and body.
func answered(op protocol.Op, status int, body string) *failure.Error {
	return &failure.Error{
		Op: op, StatusCode: status, Code: errorCode(body), Body: body, Err: protocol.StatusError(op, status),
		AnswerLost: status == http.StatusBadGateway || status == http.StatusGatewayTimeout,
	}
}

func TestClassifyAnswers(t *testing.T) {
	tests := []struct {
		op     protocol.Op
		status int
		body   string
		want   failure.Class
	}{
		{protocol.OpPatch, 301, "", failure.ClassFinal},
		{protocol.OpPatch, 400, "", failure.ClassFinal},
		{protocol.OpPatch, 400, "ERR_UPLOAD_INTERRUPTED: upload has been interrupted", failure.ClassTransient},
		{protocol.OpPatch, 400, "ERR_UNEXPECTED_EOF: server expected to receive more bytes", failure.ClassTransient},
		{protocol.OpPatch, 400, "Request aborted due to lock acquired by another request", failure.ClassTransient},
		{protocol.OpPatch, 400, "ERR_UPLOAD_REJECTED: no", failure.ClassFinal},
		{protocol.OpPatch, 400, "ERR_UPLOAD_STOPPED: no", failure.ClassFinal},
		{protocol.OpPatch, 400, "ERR_HEARD_OF_NEVER: no", failure.ClassFinal},
		{protocol.OpPatch, 401, "", failure.ClassAuth},
		{protocol.OpPatch, 403, "", failure.ClassFinal},
		{protocol.OpPatch, 404, "", failure.ClassGone},
		{protocol.OpPatch, 404, "ERR_UPLOAD_NOT_FOUND: upload not found", failure.ClassGone},
		{protocol.OpPatch, 405, "", failure.ClassFinal},
		{protocol.OpPatch, 408, "", failure.ClassTransient},
		{protocol.OpPatch, 409, "", failure.ClassResync},
		{protocol.OpPatch, 409, "ERR_MISMATCHED_OFFSET: mismatched offset", failure.ClassResync},
		{protocol.OpPatch, 409, "The upload is locked by somebody", failure.ClassLocked},
		{protocol.OpPatch, 409, "Video is currently being updated", failure.ClassLocked},
		{protocol.OpCreate, 409, "it exists", failure.ClassFinal},
		{protocol.OpHead, 409, "", failure.ClassLocked}, // an answer to HEAD has no text
		{protocol.OpPatch, 410, "", failure.ClassGone},
		{protocol.OpPatch, 412, "", failure.ClassFinal},
		{protocol.OpPatch, 413, "", failure.ClassProxyLimit},
		{protocol.OpCreate, 413, "", failure.ClassFinal},
		{protocol.OpCreate, 413, "ERR_MAX_SIZE_EXCEEDED: maximum size exceeded", failure.ClassFinal},
		{protocol.OpPatch, 413, "ERR_UPLOAD_SIZE_EXCEEDED: upload's size exceeded", failure.ClassFinal},
		{protocol.OpPatch, 415, "", failure.ClassFinal},
		{protocol.OpPatch, 417, "", failure.ClassFinal},
		{protocol.OpPatch, 418, "", failure.ClassFinal},
		{protocol.OpPatch, 423, "", failure.ClassLocked},
		{protocol.OpPatch, 423, "ERR_UPLOAD_LOCKED: file currently locked", failure.ClassLocked},
		{protocol.OpPatch, 425, "", failure.ClassTransient},
		{protocol.OpPatch, 429, "", failure.ClassThrottled},
		{protocol.OpPatch, 460, "", failure.ClassIntegrity},
		{protocol.OpPatch, 500, "", failure.ClassTransient},
		{protocol.OpHead, 500, "ERR_LOCK_TIMEOUT: failed to acquire lock before timeout", failure.ClassLocked},
		{protocol.OpPatch, 500, "ERR_READ_TIMEOUT: timeout while reading request body", failure.ClassTransient},
		{protocol.OpPatch, 500, "ERR_CONNECTION_RESET: TCP connection reset by peer", failure.ClassTransient},
		{protocol.OpPatch, 501, "", failure.ClassFinal},
		{protocol.OpPatch, 502, "", failure.ClassTransient},
		{protocol.OpPatch, 503, "", failure.ClassTransient},
		{protocol.OpPatch, 503, "Lock timeout", failure.ClassLocked},
		{protocol.OpPatch, 503, "ERR_SERVER_SHUTDOWN: request has been interrupted because the server is shutting down", failure.ClassTransient},
		{protocol.OpPatch, 503, "LOCK_HELD by node 3", failure.ClassLocked},
		{protocol.OpHead, 503, "upload is locked", failure.ClassLocked},
		{protocol.OpHead, 503, "{\"error\":\"ERR_UPLOAD_LOCKED\"}", failure.ClassLocked},
		{protocol.OpPatch, 503, "another process locks the file", failure.ClassLocked},
		{protocol.OpPatch, 503, "you are blocked", failure.ClassTransient},
		{protocol.OpPatch, 503, "12 o'clock", failure.ClassTransient},
		{protocol.OpPatch, 503, "unlocked", failure.ClassTransient},
		{protocol.OpPatch, 503, "\n<html><p style=display:block>the site is locked</p>", failure.ClassTransient},
		{protocol.OpPatch, 409, "<p>lock</p>", failure.ClassResync},
		{protocol.OpPatch, 409, "blocked by a rule", failure.ClassResync},
		{protocol.OpPatch, 504, "", failure.ClassTransient},
		{protocol.OpPatch, 505, "", failure.ClassFinal},
		{protocol.OpPatch, 520, "", failure.ClassTransient},
		{protocol.OpHead, 202, "", failure.ClassFinal},
	}
	for _, test := range tests {
		e := answered(test.op, test.status, test.body)
		if got := classify(e); got != test.want {
			t.Errorf("%s answered %d %q: class %d, want %d", test.op, test.status, test.body, got, test.want)
		}
	}
}

// Retry-After takes precedence over the text of an answer, but not over a code.
func TestClassifyAnswersWithRetryAfter(t *testing.T) {
	tests := []struct {
		status int
		body   string
		want   failure.Class
	}{
		{503, "<!DOCTYPE html><style>p{display:block}</style>", failure.ClassThrottled},
		{503, "too busy to take a lock", failure.ClassThrottled},
		{503, "lock timeout in the database", failure.ClassThrottled},
		{503, "Lock timeout\n", failure.ClassLocked},
		{429, "locked", failure.ClassThrottled},
		{503, "ERR_UPLOAD_LOCKED: file currently locked", failure.ClassLocked},
		{423, "", failure.ClassLocked},
		{409, "file currently locked", failure.ClassLocked},
	}
	for _, test := range tests {
		e := answered(protocol.OpPatch, test.status, test.body)
		e.Header = http.Header{"Retry-After": {"20"}}
		if got := classify(e); got != test.want {
			t.Errorf("%d %q: class %v, want %v", test.status, test.body, got, test.want)
		}
	}
}

func TestClassifyAnswersThatFit(t *testing.T) {
	tests := map[string]struct {
		err  *failure.Error
		want failure.Class
	}{
		"Retry-After":                {&failure.Error{Op: protocol.OpPatch, StatusCode: 503, Header: http.Header{"Retry-After": {"1"}}, Err: protocol.ErrUnavailable}, failure.ClassThrottled},
		"PATCH without offset":       {&failure.Error{Op: protocol.OpPatch, StatusCode: 204, Err: protocol.ErrMissingHeader}, failure.ClassTransient},
		"PATCH with garbage":         {&failure.Error{Op: protocol.OpPatch, StatusCode: 204, Err: protocol.ErrInvalidOffset}, failure.ClassTransient},
		"PATCH went back":            {&failure.Error{Op: protocol.OpPatch, StatusCode: 204, Err: protocol.ErrOffsetBack}, failure.ClassTransient},
		"PATCH beyond":               {&failure.Error{Op: protocol.OpPatch, StatusCode: 204, Err: protocol.ErrOffsetBeyond}, failure.ClassTransient},
		"PATCH kept nothing":         {&failure.Error{Op: protocol.OpPatch, StatusCode: 204, Err: failure.ErrNoProgress}, failure.ClassTransient},
		"PATCH was another success":  {&failure.Error{Op: protocol.OpPatch, StatusCode: 202, Err: protocol.ErrUnexpectedStatus}, failure.ClassTransient},
		"HEAD without offset":        {&failure.Error{Op: protocol.OpHead, StatusCode: 200, Err: protocol.ErrMissingHeader}, failure.ClassFinal},
		"HEAD with garbage":          {&failure.Error{Op: protocol.OpHead, StatusCode: 200, Err: protocol.ErrInvalidOffset}, failure.ClassFinal},
		"HEAD above the sent bytes":  {&failure.Error{Op: protocol.OpHead, StatusCode: 200, Err: failure.ErrIntegrity}, failure.ClassFinal},
		"HEAD of another length":     {&failure.Error{Op: protocol.OpHead, StatusCode: 200, Err: failure.ErrLengthMismatch}, failure.ClassFinal},
		"creation without Location":  {&failure.Error{Op: protocol.OpCreate, StatusCode: 201, Err: protocol.ErrMissingHeader}, failure.ClassFinal},
		"creation with bad Location": {&failure.Error{Op: protocol.OpCreate, StatusCode: 201, Err: failure.ErrInvalidLocation}, failure.ClassFinal},
		"insecure Location":          {&failure.Error{Op: protocol.OpCreate, StatusCode: 201, Err: failure.ErrInsecureLocation}, failure.ClassFinal},
		"redirected":                 {&failure.Error{Op: protocol.OpPatch, StatusCode: 302, Err: failure.ErrRedirected}, failure.ClassFinal},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := classify(test.err); got != test.want {
				t.Errorf("class %d, want %d", got, test.want)
			}
		})
	}
}

func TestMayHaveCreated(t *testing.T) {
	tests := map[string]struct {
		err  error
		want bool
	}{
		"success without Location": {answered(protocol.OpCreate, 201, ""), true},
		"502 of a gateway":         {answered(protocol.OpCreate, 502, ""), true},
		"504 of a gateway":         {answered(protocol.OpConcat, 504, ""), true},
		"no token":                 {&failure.Error{Op: protocol.OpCreate, Err: fmt.Errorf("%w: %w", transport.ErrNoCredentials, io.EOF)}, false},
		"refused by the server":    {answered(protocol.OpCreate, 503, ""), false},
		"not an exchange":          {io.EOF, false},
		"redirected to a GET":      {&failure.Error{Op: protocol.OpCreate, StatusCode: 200, Err: failure.ErrRedirected}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := mayHave(test.err); got != test.want {
				t.Errorf("%t, want %t", got, test.want)
			}
		})
	}
}

func mayHave(err error) bool {
	e, ok := errors.AsType[*failure.Error](err)
	return ok && mayHaveCreated(e)
}
