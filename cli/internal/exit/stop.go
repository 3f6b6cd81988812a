package exit

import (
	"errors"
	"io/fs"
	"syscall"
)

// OutputError is the cause of a context that ended because results cannot be written to standard
// output.
type OutputError struct {
	// Err is the error of the write.
	Err error
}

// Error implements error.
func (e *OutputError) Error() string {
	if IsUnread(e.Err) {
		return "standard output was closed"
	}
	return e.Err.Error()
}

// Unwrap returns the error of the write.
func (e *OutputError) Unwrap() error { return e.Err }

// IsUnread reports whether an error of a write means that the reader of standard output has ended.
func IsUnread(err error) bool { return errors.Is(err, syscall.EPIPE) || errors.Is(err, fs.ErrClosed) }

// StopError is the cause of a context that ended because no other file of the run can
// succeed.
type StopError struct {
	// Why says what is wrong with the server or with the access to it.
	Why string
}

// Error implements error.
func (e *StopError) Error() string { return "stopped: " + e.Why }

// IsStopped reports whether err is or wraps a *stopError.
func IsStopped(err error) bool {
	_, ok := errors.AsType[*StopError](err)
	return ok
}

// StopCause returns the reason for the early end of the whole command, or nil.
func StopCause(err error) error {
	for _, cause := range []error{ErrInterrupted, ErrTimeout} {
		if errors.Is(err, cause) {
			return cause
		}
	}
	if unwritten, ok := errors.AsType[*OutputError](err); ok {
		return unwritten
	}
	if h, ok := errors.AsType[*StopError](err); ok {
		return h
	}
	return nil
}
