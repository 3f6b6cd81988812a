package retry

import (
	"errors"
	"fmt"
	"time"
)

// ErrExhausted is what an error Is when the failure was worth another try, but
// the policy allowed no more.
var ErrExhausted = errors.New("gave up")

// ExhaustedError says that a policy gave up. It Is [ErrExhausted] and also
// whatever the last failure is.
type ExhaustedError struct {
	// Attempts is the number of tries since the last progress.
	Attempts int
	// Elapsed is the time since the last progress, or since the start.
	Elapsed time.Duration
	// Err is the last failure.
	Err error
}

// Error tells the number of tries and the last failure.
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

// Permanent marks err as not worth another try. The text stays the same and
// Unwrap gives err. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// Retryable reports whether err is worth another try. It is false for nil and
// for an error marked by [Permanent] anywhere in its chain; otherwise it is
// what the first error in the chain with a method
//
//	Retryable() bool
//
// says, and true where there is none. Context errors are retryable here, since
// a timeout inside one try says nothing about the next: a [Loop] looks at its
// own context instead.
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

// After returns how long a server asked to wait, as told by the first error in
// the chain of err with a method
//
//	RetryAfter() (time.Duration, bool)
//
// A negative time counts as zero. It is false where there is no such error.
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

// stoppedError is a context that ended while there was a failure to report.
type stoppedError struct {
	cause error // why the context ended
	ended error // the plain context error, so that errors.Is finds it as well
	err   error // the last failure
}

func (e *stoppedError) Error() string {
	if errors.Is(e.err, e.cause) {
		return e.err.Error()
	}
	return fmt.Sprintf("%v (last failure: %v)", e.cause, e.err)
}

// The failure comes first: a cause may be one of another upload, of the same type.
func (e *stoppedError) Unwrap() []error { return []error{e.err, e.ended, e.cause} }
