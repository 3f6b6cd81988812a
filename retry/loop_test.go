package retry_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/retry"
)

// exact is the default policy without jitter.
var exact = retry.Backoff{Jitter: -1}

// Wait waits as the policy says, and returns an ExhaustedError when the policy ends.
func TestLoopWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		loop := retry.Loop{Policy: exact}
		loop.Start()
		var got []time.Duration
		for {
			start := time.Now()
			err := loop.Wait(t.Context(), errTest)
			if err != nil {
				var exhausted *retry.ExhaustedError
				if !errors.As(err, &exhausted) {
					t.Fatalf("Wait = %v, want an ExhaustedError", err)
				}
				want := retry.ExhaustedError{Attempts: 10, Elapsed: 243 * time.Second, Err: errTest}
				if *exhausted != want {
					t.Errorf("%+v, want %+v", *exhausted, want)
				}
				break
			}
			got = append(got, time.Since(start))
		}
		want := []time.Duration{
			1 * time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second,
			32 * time.Second, 60 * time.Second, 60 * time.Second, 60 * time.Second,
		}
		if !slices.Equal(got, want) {
			t.Errorf("waits: %+v, want %+v", got, want)
		}
	})
}

// The zero value has the default policy.
func TestLoopZero(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var loop retry.Loop
		tries := 1
		for loop.Wait(t.Context(), errTest) == nil {
			tries++
		}
		if tries != 10 {
			t.Errorf("%d attempts, want 10", tries)
		}
	})
}

// The policy gets the facts about each failure.
func TestLoopAttempt(t *testing.T) {
	t.Parallel()
	type told struct {
		Number   int
		Elapsed  time.Duration
		Progress bool
	}
	for _, c := range []struct {
		name string
		do   func(l *retry.Loop, fail func())
		want []told
	}{
		{"failures in a row", func(_ *retry.Loop, fail func()) {
			fail()
			fail()
			fail()
		}, []told{{1, 0, false}, {2, time.Second, false}, {3, 2 * time.Second, false}}},
		{"start counts the first try", func(l *retry.Loop, fail func()) {
			l.Start()
			time.Sleep(5 * time.Second)
			fail()
		}, []told{{1, 5 * time.Second, false}}},
		{"no start", func(_ *retry.Loop, fail func()) {
			time.Sleep(5 * time.Second)
			fail()
		}, []told{{1, 0, false}}},
		{"start forgets", func(l *retry.Loop, fail func()) {
			l.Progress()
			fail()
			fail()
			l.Moved()
			l.Start()
			fail()
		}, []told{{1, 0, true}, {2, time.Second, false}, {1, 0, false}}},
		{"progress", func(l *retry.Loop, fail func()) {
			fail()
			fail()
			l.Progress()
			time.Sleep(time.Minute)
			fail()
			fail()
		}, []told{{1, 0, false}, {2, time.Second, false}, {1, time.Minute, true}, {2, time.Minute + time.Second, false}}},
		{"moved before any failure", func(l *retry.Loop, fail func()) {
			l.Moved()
			time.Sleep(time.Minute)
			fail()
			fail()
		}, []told{{1, time.Minute, true}, {2, time.Minute + time.Second, false}}},
		{"moved after a failure", func(l *retry.Loop, fail func()) {
			fail()
			l.Moved()
			fail()
			fail()
		}, []told{{1, 0, false}, {2, time.Second, false}, {3, 2 * time.Second, false}}},
		{"moved does not outlive its try", func(l *retry.Loop, fail func()) {
			fail()
			l.Moved()
			fail()
			l.Progress()
			fail()
		}, []told{{1, 0, false}, {2, time.Second, false}, {1, 0, true}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var got []told
				loop := retry.Loop{Policy: retry.PolicyFunc(func(a retry.Attempt) (time.Duration, bool) {
					if a.Err != errTest { //nolint:errorlint // the very same
						t.Errorf("Err %v, want %v", a.Err, errTest)
					}
					got = append(got, told{a.Number, a.Elapsed, a.Progress})
					return time.Second, true
				})}
				c.do(&loop, func() {
					if err := loop.Wait(t.Context(), errTest); err != nil {
						t.Fatal(err)
					}
				})
				if !slices.Equal(got, c.want) {
					t.Errorf("attempts: %+v, want %+v", got, c.want)
				}
			})
		})
	}
}

// OnWait is called before each wait. A negative wait counts as zero.
func TestLoopOnWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var got []string
		loop := retry.Loop{
			Policy: retry.Delays(time.Second, 0, -time.Second),
			OnWait: func(a retry.Attempt, wait time.Duration) {
				got = append(got, fmt.Sprintf("%d %v at %v", a.Number, wait, time.Since(start)))
			},
		}
		tries := 1
		for loop.Wait(t.Context(), errTest) == nil {
			tries++
		}
		if tries != 4 {
			t.Errorf("%d attempts, want 4", tries)
		}
		want := []string{"1 1s at 0s", "2 0s at 1s", "3 0s at 1s"}
		if !slices.Equal(got, want) {
			t.Errorf("calls of OnWait: %+v, want %+v", got, want)
		}
	})
}

// Wait returns a permanent failure as it is. An exhausted policy gives ErrExhausted.
func TestLoopStops(t *testing.T) {
	t.Parallel()
	permanent := retry.Permanent(errTest)
	always := retry.PolicyFunc(func(retry.Attempt) (time.Duration, bool) { return 0, true })
	for _, c := range []struct {
		name      string
		policy    retry.Policy
		err       error
		exhausted bool
	}{
		{"permanent under the default", nil, permanent, false},
		{"permanent under Delays", retry.Delays(time.Second), permanent, false},
		{"permanent under a function that always retries", always, permanent, false},
		{"permanent under Never", retry.Never, permanent, false},
		{"permanent to the policy", retry.Backoff{Retryable: func(error) bool { return false }}, errTest, false},
		{"permanent to a pointer", &retry.Backoff{Retryable: func(error) bool { return false }}, errTest, false},
		{"permanent, but not to the policy", retry.Backoff{MaxAttempts: 1, Retryable: func(error) bool { return true }}, permanent, true},
		{"Never", retry.Never, errTest, true},
		{"Delays used up", retry.Delays(), errTest, true},
		{"tries used up", retry.Backoff{MaxAttempts: 1}, errTest, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			loop := retry.Loop{Policy: c.policy}
			err := loop.Wait(t.Context(), c.err)
			if !errors.Is(err, errTest) {
				t.Fatalf("Wait = %v, want an error that wraps the failure", err)
			}
			if errors.Is(err, retry.ErrExhausted) != c.exhausted {
				t.Errorf("Is(%v, ErrExhausted) = %v", err, !c.exhausted)
			}
			if !c.exhausted && err != c.err { //nolint:errorlint // the very same
				t.Errorf("Wait = %#v, want the failure unchanged", err)
			}
		})
	}
}

// A failure without an error counts as a failure, so the loop ends.
func TestLoopNilError(t *testing.T) {
	t.Parallel()
	loop := retry.Loop{Policy: retry.Never}
	if err := loop.Wait(t.Context(), nil); !errors.Is(err, retry.ErrExhausted) {
		t.Errorf("Wait = %v, want ErrExhausted", err)
	}
}

// Peek returns the wait of the policy, and counts no failure.
func TestLoopPeek(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		policy   retry.Policy
		failures int
		after    time.Duration // since the start
		wait     time.Duration
		ok       bool
	}{
		"no failure yet":       {exact, 0, 0, time.Second, true},
		"after two failures":   {retry.Delays(time.Second, time.Minute, time.Hour), 2, 0, time.Minute, true},
		"before the last try":  {retry.Backoff{Jitter: -1, MaxAttempts: 2}, 1, 0, time.Second, true},
		"one attempt":          {retry.Backoff{MaxAttempts: 1}, 0, 0, 0, false},
		"never":                {retry.Never, 0, 0, 0, false},
		"permanent":            {retry.Backoff{Retryable: func(error) bool { return false }}, 0, 0, 0, false},
		"no policy":            {nil, 0, 0, time.Second, true},
		"no time left":         {retry.Backoff{MaxElapsed: time.Minute}, 0, time.Hour, 0, false},
		"a negative wait":      {retry.PolicyFunc(func(retry.Attempt) (time.Duration, bool) { return -1, true }), 0, 0, 0, true},
		"a wait but no retry":  {retry.PolicyFunc(func(retry.Attempt) (time.Duration, bool) { return 1, false }), 0, 0, 0, false},
		"no failure, no waits": {retry.Delays(), 0, 0, 0, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				loop := retry.Loop{Policy: test.policy}
				loop.Start()
				for range test.failures {
					if err := loop.Wait(t.Context(), errTest); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(test.after)
				for range 2 {
					began := time.Now()
					wait, ok := loop.Peek(errTest)
					random := test.policy == nil // a wait of up to a second
					if wait != test.wait && !random || wait > time.Second && random || ok != test.ok {
						t.Errorf("Peek = %v, %v, want %v, %v", wait, ok, test.wait, test.ok)
					}
					if took := time.Since(began); took != 0 {
						t.Errorf("Peek took %v, want 0", took)
					}
				}
			})
		})
	}
}
