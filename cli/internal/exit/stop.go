package exit

import (
	"errors"
)

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
	if h, ok := errors.AsType[*StopError](err); ok {
		return h
	}
	return nil
}
