package retry_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/retry"
)

// Do calls the function until it succeeds or the policy ends.
func TestDo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		policy retry.Policy
		fails  int
		tries  int
		want   error
		took   time.Duration
	}{
		{"at once", nil, 0, 1, nil, 0},
		{"third try", exact, 2, 3, nil, 3 * time.Second},
		{"delays", retry.Delays(time.Second, time.Minute), 9, 3, retry.ErrExhausted, 61 * time.Second},
		{"never", retry.Never, 9, 1, retry.ErrExhausted, 0},
		{"elapsed", retry.Backoff{Jitter: -1, MaxElapsed: 10 * time.Second}, 99, 4, retry.ErrExhausted, 7 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start, tries := time.Now(), 0
				err := retry.Do(t.Context(), c.policy, func(context.Context) error {
					if tries++; tries > c.fails {
						return nil
					}
					return errTest
				})
				if !errors.Is(err, c.want) || tries != c.tries || time.Since(start) != c.took {
					t.Errorf("Do = %v after %d tries and %v; want %v, %d, %v",
						err, tries, time.Since(start), c.want, c.tries, c.took)
				}
			})
		})
	}
}

// Do does not call the function if the context has ended.
func TestDoEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errTest)
	err := retry.Do(ctx, nil, func(context.Context) error {
		t.Error("the function was called after the context ended")
		return nil
	})
	if !errors.Is(err, errTest) {
		t.Errorf("Do = %v, want the cause", err)
	}
}

// Do retries an attempt that ended with its own timeout.
func TestDoAttemptTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		err := retry.Do(t.Context(), exact, func(ctx context.Context) error {
			if tries++; tries == 3 {
				return nil
			}
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			<-ctx.Done()
			return ctx.Err()
		})
		if err != nil || tries != 3 {
			t.Errorf("Do = %v after %d tries, want no error and 3", err, tries)
		}
	})
}
