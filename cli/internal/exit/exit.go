// Package exit defines the exit codes of the program, and maps errors to them.
package exit

import (
	"errors"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// The exit codes. Scripts rely on them.
const (
	OK          = 0
	Failed      = 1   // any other error
	Usage       = 2   // unknown flag, missing argument, bad value: nothing was sent
	NotAllowed  = 3   // 401, 403, certificate not trusted
	Gone        = 4   // the upload is gone, and was not created again
	Source      = 5   // the source changed, shrank or could not be read
	Refused     = 6   // the server refused
	GaveUp      = 7   // the network failed or the server is busy; the upload can be resumed
	Integrity   = 8   // the server holds other bytes than were sent
	Some        = 9   // some of several files failed, the others were sent
	Interrupted = 130 // interrupted by a signal; the upload can be resumed
	Unread      = 141 // the reader of standard output has ended; what a shell says for SIGPIPE
)

var (
	// ErrInterrupted is the cause of a context that a signal canceled.
	ErrInterrupted = errors.New("interrupted")

	// ErrTimeout is the cause of a context that ended because of the time limit of
	// the whole command.
	ErrTimeout = errors.New("out of time (--timeout)")
)

// Error is an error with an exit code.
type Error struct {
	Code int
	Err  error
}

// Error returns the text of the cause.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// With returns an error that ends the program with code. It returns nil if err is
// nil.
func With(code int, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Code: code, Err: err}
}

// Code returns the code for err.
func Code(err error) int {
	if err == nil {
		return OK
	}
	if coded, ok := errors.AsType[*Error](err); ok {
		return coded.Code
	}
	if _, ok := errors.AsType[*OutputError](err); ok {
		return Failed
	}
	for _, row := range []struct {
		err  error
		code int
	}{
		{ErrInterrupted, Interrupted},
		{ErrTimeout, GaveUp},
		{client.ErrPatchBlocked, Refused}, // the upload is not gone
		// The upload may be complete, but it is gone, and was not created again.
		{client.ErrUncertain, Gone},
		{client.ErrSource, Source},
		{client.ErrLengthMismatch, Source},
		{client.ErrIntegrity, Integrity},
		{client.ErrDifferent, Integrity},
		{protocol.ErrChecksumMismatch, Integrity},
		{client.ErrRefused, Refused},
		// All bytes were sent. The upload cannot be read back to verify them.
		{client.ErrUnverified, Refused},
		// The status is that of a portal or a proxy.
		{client.ErrOtherServer, GaveUp},
		{protocol.ErrUnauthorized, NotAllowed},
		{protocol.ErrForbidden, NotAllowed},
		{client.ErrUntrusted, NotAllowed},
		{retry.ErrExhausted, GaveUp},
		{client.ErrUnsupported, Refused},
		{client.ErrRedirected, Refused},
		{client.ErrLimits, Refused},
		{client.ErrInterim, Refused},
		{client.ErrRelocated, Refused},
	} {
		if errors.Is(err, row.err) {
			return row.code
		}
	}
	exchange, ok := errors.AsType[*client.Error](err)
	switch {
	case !ok:
		return local(err)
	case exchange.StatusCode != 0:
		return answered(exchange)
	case retry.Retryable(err):
		return GaveUp
	}
	if _, refused := errors.AsType[*transport.ProxyError](err); refused {
		return Refused
	}
	return local(err)
}

// answered returns the code for an exchange that the server ended with an answer.
func answered(e *client.Error) int {
	switch e.Op {
	case protocol.OpOptions, protocol.OpCreate, protocol.OpConcat:
		// The endpoint is not an upload, so 404 and 410 do not mean that one is
		// gone.
		return Refused
	}
	if errors.Is(e, protocol.ErrNotFound) || errors.Is(e, protocol.ErrGone) {
		return Gone
	}
	return Refused
}

// local returns the code for an error that was found before anything was sent.
func local(err error) int {
	for _, usage := range []error{
		client.ErrNoEndpoint, client.ErrInvalidURL, client.ErrInvalidOption,
		protocol.ErrInvalidMetadata, protocol.ErrInvalidHeader,
	} {
		if errors.Is(err, usage) {
			return Usage
		}
	}
	return Failed
}
