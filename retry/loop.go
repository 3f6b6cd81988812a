package retry

import (
	"context"
	"errors"
	"time"
)

// Loop counts the failures of one operation and waits between the attempts. The zero
// value is ready. One goroutine at a time can use a Loop.
//
//	var loop retry.Loop
//	loop.Start()
//	for {
//		err := try(ctx) // calls loop.Progress after each step
//		if err == nil {
//			return nil
//		}
//		if err := loop.Wait(ctx, err); err != nil {
//			return err
//		}
//	}
type Loop struct {
	// Policy decides about each failure. nil: Backoff{}.
	Policy Policy
	// OnWait is called before each wait, even before a wait of zero, in the
	// goroutine that called Wait. nil: nothing is called.
	OnWait func(a Attempt, wait time.Duration)

	since  time.Time // the last progress, or the start
	failed int       // failures since then
	moved  bool      // bytes moved since then
}

// Start resets the Loop, and the time since when Attempt.Elapsed counts. Without
// Start, that is the first call of any other method, so the duration of the first
// attempt is not included.
func (l *Loop) Start() {
	l.since, l.failed, l.moved = time.Now(), 0, false
}

// Progress resets the number of failures and the elapsed time. The next failure has
// Attempt.Progress set.
func (l *Loop) Progress() {
	l.Start()
	l.moved = true
}

// Moved records that bytes moved in this attempt, although they are not acknowledged.
// It keeps the number of failures and the elapsed time. If there was no failure, the
// next one has Attempt.Progress set.
func (l *Loop) Moved() {
	l.begin()
	l.moved = true
}

func (l *Loop) begin() {
	if l.since.IsZero() {
		l.since = time.Now()
	}
}

var errNone = errors.New("failure without an error")

// Wait counts the failure err, asks the policy and waits. It returns nil after the
// wait, when the next attempt is due. Otherwise there is no further attempt, and the
// error is:
//
//   - an error that wraps err, ctx.Err() and context.Cause(ctx), if ctx ended before
//     or during the wait;
//   - err itself, if it is permanent for the policy, or for [Retryable] if the policy
//     is not a [Classifier];
//   - an [*ExhaustedError], which Is [ErrExhausted] and wraps err, if the policy allows
//     no further attempt.
//
// A nil err counts as a failure too.
func (l *Loop) Wait(ctx context.Context, err error) error {
	if err == nil {
		err = errNone
	}
	l.begin()
	l.failed++
	a := Attempt{
		Number:   l.failed,
		Elapsed:  time.Since(l.since),
		Progress: l.moved && l.failed == 1,
		Err:      err,
	}

	if ctx.Err() != nil {
		return stopped(ctx, err)
	}
	policy := l.policy()
	if permanent(policy, err) {
		return err
	}
	wait, ok := policy.Next(a)
	if !ok {
		return &ExhaustedError{Attempts: a.Number, Elapsed: a.Elapsed, Err: err}
	}
	wait = max(wait, 0)
	if l.OnWait != nil {
		l.OnWait(a, wait)
	}
	if !sleep(ctx, wait) {
		return stopped(ctx, err)
	}
	return nil
}

// Peek returns the wait that the policy allows for err at this point, without
// counting err as a failure and without waiting. Use it for a wait without a failed
// attempt, such as one for a busy server. If the policy allows no further attempt, ok
// is false and the wait is zero.
func (l *Loop) Peek(err error) (wait time.Duration, ok bool) {
	l.begin()
	policy := l.policy()
	if permanent(policy, err) {
		return 0, false
	}
	wait, ok = policy.Next(Attempt{Number: max(l.failed, 1), Elapsed: time.Since(l.since), Err: err})
	if !ok {
		return 0, false
	}
	return max(wait, 0), true
}

func (l *Loop) policy() Policy {
	if l.Policy == nil {
		return Backoff{}
	}
	return l.Policy
}

// sleep waits, and reports whether ctx is still valid after that. It returns false for
// a context that ended before, even if the wait is zero.
func sleep(ctx context.Context, wait time.Duration) bool {
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
	}
	return ctx.Err() == nil
}

func stopped(ctx context.Context, err error) error {
	return &stoppedError{cause: context.Cause(ctx), ended: ctx.Err(), err: err}
}
