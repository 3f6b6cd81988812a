package retry

import (
	"errors"
	"fmt"
	"time"
)

// ErrExhausted means that the failure was worth a retry, but the policy allowed no
// further one. Test for it with errors.Is.
var ErrExhausted = errors.New("gave up")

// ExhaustedError is the error after which the policy allowed no further retry. It
// Is [ErrExhausted] and wraps the last failure.
type ExhaustedError struct {
	// Attempts is the number of attempts since the last progress.
	Attempts int
	// Elapsed is the time since the last progress, or since the start if there
	// was no progress.
	Elapsed time.Duration
	// Err is the last failure.
	Err error
}

// Error returns the number of attempts and the last failure.
func (e *ExhaustedError) Error() string {
	tries := "tries"
	if e.Attempts == 1 {
		tries = "try"
	}
	return fmt.Sprintf("gave up after %d %s without progress: %v", e.Attempts, tries, e.Err)
}

// Is reports whether target is [ErrExhausted].
func (e *ExhaustedError) Is(target error) bool { return target == ErrExhausted }

// Unwrap returns the last failure.
func (e *ExhaustedError) Unwrap() error { return e.Err }

// Permanent marks err as not worth a retry. The returned error has the text of err
// and wraps it. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// Retryable reports whether err is worth a retry. It returns false for nil, and if
// any error in the chain is marked by [Permanent]. Otherwise it returns the result of
// the first error in the chain with the method
//
//	Retryable() bool
//
// and true if no error in the chain has it. Context errors are retryable, because a
// timeout of one attempt is no reason against the next one. A [Loop] checks its own
// context instead.
func Retryable(err error) bool {
	if err == nil {
		return false
	}
	if _, ok := errors.AsType[*permanentError](err); ok {
		return false
	}
	var r interface{ Retryable() bool }
	if errors.As(err, &r) {
		return r.Retryable()
	}
	return true
}

// After returns how long a server asked to wait. It asks the first error in the chain
// of err with the method
//
//	RetryAfter() (time.Duration, bool)
//
// A negative time counts as zero. The second result is false if no error in the chain
// has the method, or if the method returns false.
func After(err error) (time.Duration, bool) {
	var r interface {
		RetryAfter() (time.Duration, bool)
	}
	if !errors.As(err, &r) {
		return 0, false
	}
	wait, ok := r.RetryAfter()
	if !ok {
		return 0, false
	}
	return max(wait, 0), true
}

// MaxAttempts returns the largest number of attempts that an error is worth, the first one
// included. It asks the first error in the chain of err with the method
//
//	MaxAttempts() (int, bool)
//
// The second result is false if no error in the chain has the method, or if the method
// returns false. [Backoff] applies it as a lower limit than its own.
func MaxAttempts(err error) (int, bool) {
	var limited interface {
		MaxAttempts() (int, bool)
	}
	if !errors.As(err, &limited) {
		return 0, false
	}
	most, ok := limited.MaxAttempts()
	if !ok {
		return 0, false
	}
	return max(most, 1), true
}

// stoppedError is the error of a context that ended after a failure.
type stoppedError struct {
	cause error // context.Cause of the context
	ended error // Err of the context
	err   error // the last failure
}

func (e *stoppedError) Error() string {
	if errors.Is(e.err, e.cause) {
		return e.err.Error()
	}
	return fmt.Sprintf("%v (last failure: %v)", e.cause, e.err)
}

// Unwrap returns the failure first. The cause may be the failure of another
// operation, of the same type, and errors.As must find that of this one.
func (e *stoppedError) Unwrap() []error { return []error{e.err, e.ended, e.cause} }
