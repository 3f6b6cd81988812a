package retry

import (
	"context"
	"errors"
	"time"
)

// Loop counts the failures of one piece of work and waits between the tries.
// The zero value is ready. A Loop belongs to one goroutine at a time.
//
//	var loop retry.Loop
//	loop.Start()
//	for {
//		err := try(ctx) // calls loop.Progress whenever it got further
//		if err == nil {
//			return nil
//		}
//		if err := loop.Wait(ctx, err); err != nil {
//			return err
//		}
//	}
type Loop struct {
	// Policy decides. nil: Backoff{}.
	Policy Policy
	// OnWait is called before each wait, also one of zero, in the goroutine
	// that waits. nil: nothing is called.
	OnWait func(a Attempt, wait time.Duration)

	since  time.Time // the last progress, or the start
	failed int       // failures since then
	moved  bool      // bytes moved since then
}

// Start forgets whatever happened and starts the clock that Attempt.Elapsed is
// read from. Without it the clock starts with the first call of any other
// method, so that the time taken by the first try is not counted.
func (l *Loop) Start() {
	l.since, l.failed, l.moved = time.Now(), 0, false
}

// Progress forgets the failures so far and starts the clock anew. The next
// failure has Attempt.Progress set.
func (l *Loop) Progress() {
	l.Start()
	l.moved = true
}

// Moved says that bytes moved in this try, though nobody has acknowledged them.
// The failures so far still count, and so does the time; but where there were
// none, the next has Attempt.Progress set.
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

// Wait counts the failure err, asks the policy and waits. It returns nil when
// it is time to try again, and otherwise why there is no further try:
//
//   - ctx ended, before or during the wait: an error that Is both
//     context.Cause(ctx) and err, and ctx.Err() too;
//   - err is permanent in the eyes of the policy, if it is a [Classifier], or
//     else of [Retryable]: err itself;
//   - the policy allows no more tries: an [*ExhaustedError], which Is
//     [ErrExhausted] and err.
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
// counting err as a failure and without waiting. It is for waits that are not the
// result of a failed try, such as one for a server that is busy. ok is false if the
// policy allows no further try; the wait is zero then.
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

// sleep reports whether it slept all of wait. A context that has ended wins
// over a wait of zero.
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
