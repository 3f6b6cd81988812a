package protocol

import (
	"errors"
	"fmt"
)

// Op is a kind of exchange between a client and a server.
type Op string

// The exchanges of tus 1.0.0.
const (
	OpOptions   Op = "options"   // OPTIONS
	OpCreate    Op = "create"    // POST
	OpHead      Op = "head"      // HEAD
	OpPatch     Op = "patch"     // PATCH
	OpTerminate Op = "terminate" // DELETE
	OpConcat    Op = "concat"    // POST of a final upload
)

// The meanings of status codes; test for them with errors.Is. ErrNotImplemented,
// ErrUnavailable and ErrInsufficientStorage are ErrServer as well.
var (
	ErrRedirect                   = errors.New("redirect")                   // 3xx
	ErrBadRequest                 = errors.New("bad request")                // 400
	ErrUnauthorized               = errors.New("unauthorized")               // 401
	ErrForbidden                  = errors.New("forbidden")                  // 403; PATCH of a final upload
	ErrNotFound                   = errors.New("not found")                  // 404
	ErrMethodNotAllowed           = errors.New("method not allowed")         // 405
	ErrProxyAuth                  = errors.New("proxy requires credentials") // 407
	ErrTimeout                    = errors.New("request timeout")            // 408
	ErrConflict                   = errors.New("conflict")                   // 409, except for PATCH
	ErrOffsetMismatch             = errors.New("offset mismatch")            // 409 for PATCH
	ErrGone                       = errors.New("gone")                       // 410; expired or terminated
	ErrUnsupportedVersion         = errors.New("unsupported version")        // 412
	ErrTooLarge                   = errors.New("too large")                  // 413
	ErrUnsupportedMediaType       = errors.New("unsupported media type")     // 415
	ErrExpectationFailed          = errors.New("expectation failed")         // 417
	ErrLocked                     = errors.New("locked")                     // 423
	ErrTooEarly                   = errors.New("too early")                  // 425
	ErrTooManyRequests            = errors.New("too many requests")          // 429
	ErrChecksumMismatch           = errors.New("checksum mismatch")          // 460
	ErrServer                     = errors.New("server error")               // 5xx
	ErrNotImplemented       error = &sentinel{"not implemented", ErrServer}
	ErrUnavailable          error = &sentinel{"service unavailable", ErrServer}
	ErrInsufficientStorage  error = &sentinel{"insufficient storage", ErrServer} // 507; a full disk or quota
	ErrUnexpectedStatus           = errors.New("unexpected status")              // any other
)

// StatusError returns nil if status means that op succeeded, which is any 2xx: gateways
// and queues answer 202 to a creation, and hooks may choose a status of their own. The
// headers of the answer say whether it has what op needs. Otherwise the error wraps the
// sentinel for the status, and its text has the sentinel and the status code.
func StatusError(op Op, status int) error {
	if status/100 == 2 {
		return nil
	}
	return &statusError{status: status, err: statusSentinel(op, status)}
}

type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string { return fmt.Sprintf("%v (%d)", e.err, e.status) }
func (e *statusError) Unwrap() error { return e.err }

func statusSentinel(op Op, status int) error {
	switch status {
	case 400:
		return ErrBadRequest
	case 401:
		return ErrUnauthorized
	case 403:
		return ErrForbidden
	case 404:
		return ErrNotFound
	case 405:
		return ErrMethodNotAllowed
	case 407:
		return ErrProxyAuth
	case 408:
		return ErrTimeout
	case 409:
		if op == OpPatch {
			return ErrOffsetMismatch
		}
		return ErrConflict
	case 410:
		return ErrGone
	case 412:
		return ErrUnsupportedVersion
	case 413:
		return ErrTooLarge
	case 415:
		return ErrUnsupportedMediaType
	case 417:
		return ErrExpectationFailed
	case 423:
		return ErrLocked
	case 425:
		return ErrTooEarly
	case 429:
		return ErrTooManyRequests
	case 460:
		return ErrChecksumMismatch
	case 501:
		return ErrNotImplemented
	case 503:
		return ErrUnavailable
	case 507:
		return ErrInsufficientStorage
	}
	switch status / 100 {
	case 3:
		return ErrRedirect
	case 5:
		return ErrServer
	}
	return ErrUnexpectedStatus
}
