package retry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tusker-go/tusker/retry"
)

// opinion is an error with the method Retryable.
type opinion bool

func (opinion) Error() string     { return "opinion" }
func (o opinion) Retryable() bool { return bool(o) }

func TestRetryable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"nil", nil, false},
		{"any", errTest, true},
		{"permanent", retry.Permanent(errTest), false},
		{"permanent, wrapped", fmt.Errorf("op: %w", retry.Permanent(errTest)), false},
		{"permanent around a retryable", retry.Permanent(opinion(true)), false},
		{"permanent inside a retryable", errors.Join(opinion(true), retry.Permanent(errTest)), false},
		{"own method returns true", opinion(true), true},
		{"own method returns false", opinion(false), false},
		{"own method returns false, wrapped", fmt.Errorf("op: %w", opinion(false)), false},
		{"cancelled", context.Canceled, true},
		{"deadline", context.DeadlineExceeded, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := retry.Retryable(c.err); got != c.want {
				t.Errorf("Retryable(%v) = %v, want %t", c.err, got, c.want)
			}
		})
	}
}

// silent is an error whose method RetryAfter names no wait.
type silent struct{}

func (silent) Error() string                     { return "silent" }
func (silent) RetryAfter() (time.Duration, bool) { return time.Hour, false }

func TestAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		err  error
		want time.Duration
		ok   bool
	}{
		{"nil", nil, 0, false},
		{"any", errTest, 0, false},
		{"named", busy(time.Minute), time.Minute, true},
		{"zero", busy(0), 0, true},
		{"negative", busy(-1), 0, true},
		{"wrapped", fmt.Errorf("op: %w", busy(time.Minute)), time.Minute, true},
		{"silent", silent{}, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got, ok := retry.After(c.err); got != c.want || ok != c.ok {
				t.Errorf("After(%v) = %v, %v, want %v and %t", c.err, got, ok, c.want, c.ok)
			}
		})
	}
}

func TestPermanent(t *testing.T) {
	t.Parallel()
	if err := retry.Permanent(nil); err != nil {
		t.Errorf("Permanent(nil) = %v", err)
	}
	err := retry.Permanent(errTest)
	if err.Error() != errTest.Error() || errors.Unwrap(err) != errTest { //nolint:errorlint // the very same
		t.Errorf("Permanent(%v) = %v, want %q and %v", errTest, err, errTest.Error(), errTest)
	}
}

func TestExhaustedError(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		attempts int
		want     string
	}{
		{1, "gave up after 1 try without progress: test failure"},
		{10, "gave up after 10 tries without progress: test failure"},
	} {
		err := error(&retry.ExhaustedError{Attempts: c.attempts, Err: errTest})
		if err.Error() != c.want {
			t.Errorf("text %q, want %q", err, c.want)
		}
		if !errors.Is(err, retry.ErrExhausted) || !errors.Is(err, errTest) {
			t.Errorf("errors.Is does not find the wrapped errors in %v", err)
		}
	}
}
