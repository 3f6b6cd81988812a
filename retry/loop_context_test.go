package retry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/retry"
)

// The failure and the cause of the context can have the same type. errors.As then finds
// the failure.
func TestLoopContextCauseOfTheSameType(t *testing.T) {
	t.Parallel()
	own, other := &statusError{1}, &statusError{2}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(other)
	loop := retry.Loop{Policy: exact}
	err := loop.Wait(ctx, own)
	if e, ok := errors.AsType[*statusError](err); !ok || e != own || !errors.Is(err, other) || !errors.Is(err, context.Canceled) {
		t.Errorf("Wait = %v, want an error that wraps the failure, the cause and context.Canceled", err)
	}
}

type statusError struct{ status int }

func (e *statusError) Error() string { return fmt.Sprintf("status %d", e.status) }

// Wait ends with the context, and its error names the cause and the last failure.
func TestLoopContext(t *testing.T) {
	t.Parallel()
	errCause := errors.New("user pressed stop")
	for _, c := range []struct {
		name   string
		cancel time.Duration // when the context ends; 0: before the wait
		cause  error
		err    error
		policy retry.Policy
		want   error
		text   string
	}{
		{"ended before the wait", 0, nil, errTest, exact, context.Canceled, "context canceled (last failure: test failure)"},
		{"ended before a wait of zero", 0, nil, errTest, retry.Delays(0), context.Canceled, "context canceled (last failure: test failure)"},
		{"ended while waiting", 500 * time.Millisecond, nil, errTest, exact, context.Canceled, "context canceled (last failure: test failure)"},
		{"with a cause", 500 * time.Millisecond, errCause, errTest, exact, errCause, "user pressed stop (last failure: test failure)"},
		{"the failure wraps the cause", 0, nil, fmt.Errorf("patch: %w", context.Canceled), exact, context.Canceled, "patch: context canceled"},
		{"the context ended before a permanent failure", 0, errCause, retry.Permanent(errTest), exact, errCause, "user pressed stop (last failure: test failure)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if c.cancel == 0 {
					cancel(c.cause)
				} else {
					time.AfterFunc(c.cancel, func() { cancel(c.cause) })
				}
				start := time.Now()
				loop := retry.Loop{Policy: c.policy}
				err := loop.Wait(ctx, c.err)
				if took := time.Since(start); took != c.cancel {
					t.Errorf("Wait took %v, want %v", took, c.cancel)
				}
				if !errors.Is(err, c.want) || !errors.Is(err, c.err) || !errors.Is(err, context.Canceled) {
					t.Errorf("Wait = %v, want an error that wraps %v, the failure and context.Canceled", err, c.want)
				}
				if errors.Is(err, retry.ErrExhausted) {
					t.Error("the error wraps ErrExhausted, although the context ended")
				}
				if err != nil && err.Error() != c.text {
					t.Errorf("error text %q, want %q", err, c.text)
				}
			})
		})
	}
}
