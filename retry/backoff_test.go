package retry_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/tusker-go/tusker/retry"
)

var errTest = errors.New("test failure")

// busy is a failure with a wait that the server asked for.
type busy time.Duration

func (busy) Error() string                       { return "busy" }
func (b busy) RetryAfter() (time.Duration, bool) { return time.Duration(b), true }
func attempt(n int) retry.Attempt                { return retry.Attempt{Number: n, Err: errTest} }
func named(n int, d time.Duration) (a retry.Attempt) {
	return retry.Attempt{Number: n, Err: busy(d)}
}

func TestBackoffNext(t *testing.T) {
	t.Parallel()
	progress := retry.Attempt{Number: 1, Progress: true, Err: errTest}
	exact := func(b retry.Backoff) retry.Backoff { b.Jitter = -1; return b }
	for _, c := range []struct {
		name    string
		backoff retry.Backoff
		attempt retry.Attempt
		wait    time.Duration
		ok      bool
	}{
		{"first", exact(retry.Backoff{}), attempt(1), time.Second, true},
		{"third", exact(retry.Backoff{}), attempt(3), 4 * time.Second, true},
		{"below the maximum", exact(retry.Backoff{}), attempt(6), 32 * time.Second, true},
		{"at the maximum", exact(retry.Backoff{}), attempt(7), 60 * time.Second, true},
		{"ninth of ten", exact(retry.Backoff{}), attempt(9), 60 * time.Second, true},
		{"tenth of ten", exact(retry.Backoff{}), attempt(10), 0, false},
		{"past the tenth", exact(retry.Backoff{}), attempt(11), 0, false},
		{"only one try", exact(retry.Backoff{MaxAttempts: 1}), attempt(1), 0, false},
		{"two tries", exact(retry.Backoff{MaxAttempts: 2}), attempt(1), time.Second, true},
		{"no limit of tries", exact(retry.Backoff{MaxAttempts: -1}), attempt(1000), 60 * time.Second, true},
		{"no overflow", exact(retry.Backoff{MaxAttempts: -1, Max: math.MaxInt64}), attempt(math.MaxInt), math.MaxInt64, true},
		{"number zero counts as one", exact(retry.Backoff{}), attempt(0), time.Second, true},
		{"initial and factor set", exact(retry.Backoff{Initial: 10 * time.Millisecond, Factor: 3}), attempt(3), 90 * time.Millisecond, true},
		{"constant", exact(retry.Backoff{Initial: time.Minute, Factor: 1}), attempt(5), time.Minute, true},
		{"initial above the maximum", exact(retry.Backoff{Initial: time.Hour}), attempt(1), time.Minute, true},
		{"negative durations are defaults", exact(retry.Backoff{Initial: -1, Max: -1, Factor: -1}), attempt(2), 2 * time.Second, true},
		{"factor not a number", exact(retry.Backoff{Factor: math.NaN()}), attempt(2), 2 * time.Second, true},

		{"after progress", exact(retry.Backoff{}), progress, 20 * time.Millisecond, true},
		{"after progress, Resume set", exact(retry.Backoff{Resume: time.Millisecond}), progress, time.Millisecond, true},
		{"after progress, no special case", exact(retry.Backoff{Resume: -1}), progress, time.Second, true},
		{"after progress, capped", exact(retry.Backoff{Resume: time.Hour, Max: time.Second}), progress, time.Second, true},
		{"after progress, server names a wait", exact(retry.Backoff{}), retry.Attempt{Number: 1, Progress: true, Err: busy(3 * time.Second)}, 3 * time.Second, true},

		{"named wait is longer", exact(retry.Backoff{}), named(1, 7*time.Second), 7 * time.Second, true},
		{"named wait is shorter", exact(retry.Backoff{}), named(4, 7*time.Second), 8 * time.Second, true},
		{"named wait is capped", exact(retry.Backoff{}), named(1, time.Hour), time.Minute, true},
		{"negative named wait", exact(retry.Backoff{}), named(1, -time.Hour), time.Second, true},

		{"no time left", exact(retry.Backoff{MaxElapsed: time.Minute}), retry.Attempt{Number: 1, Elapsed: time.Minute, Err: errTest}, 0, false},
		{"wait would end past the time", exact(retry.Backoff{MaxElapsed: time.Minute}), retry.Attempt{Number: 1, Elapsed: 59*time.Second + 1, Err: errTest}, 0, false},
		{"wait ends with the time", exact(retry.Backoff{MaxElapsed: time.Minute}), retry.Attempt{Number: 1, Elapsed: 59 * time.Second, Err: errTest}, time.Second, true},
		{"no limit of time", exact(retry.Backoff{}), retry.Attempt{Number: 1, Elapsed: 1000 * time.Hour, Err: errTest}, time.Second, true},

		{"permanent", exact(retry.Backoff{}), retry.Attempt{Number: 1, Err: retry.Permanent(errTest)}, 0, false},
		{"Retryable returns false", exact(retry.Backoff{Retryable: func(error) bool { return false }}), attempt(1), 0, false},
		{"Retryable returns true", exact(retry.Backoff{Retryable: func(error) bool { return true }}), retry.Attempt{Number: 1, Err: retry.Permanent(errTest)}, time.Second, true},
		{"no error", exact(retry.Backoff{}), retry.Attempt{Number: 1}, time.Second, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wait, ok := c.backoff.Next(c.attempt)
			if wait != c.wait || ok != c.ok {
				t.Errorf("Next(%+v) = %v, %v, want %v, %v", c.attempt, wait, ok, c.wait, c.ok)
			}
			if pw, pok := (&c.backoff).Next(c.attempt); pw != wait || pok != ok {
				t.Errorf("Next of a *Backoff = %v, %v, want %v and %t", pw, pok, wait, ok)
			}
		})
	}
}

func TestBackoffJitter(t *testing.T) {
	t.Parallel()
	const draws = 20_000
	for _, c := range []struct {
		name     string
		backoff  retry.Backoff
		attempt  retry.Attempt
		from, to time.Duration // from included, to excluded
	}{
		{"full by default", retry.Backoff{}, attempt(3), 0, 4 * time.Second},
		{"full", retry.Backoff{Jitter: 1}, attempt(1), 0, time.Second},
		{"more than full", retry.Backoff{Jitter: 5}, attempt(1), 0, time.Second},
		{"not a number", retry.Backoff{Jitter: math.NaN()}, attempt(1), 0, time.Second},
		{"a quarter", retry.Backoff{Jitter: 0.25}, attempt(2), 1500 * time.Millisecond, 2 * time.Second},
		{"at the maximum", retry.Backoff{}, attempt(9), 0, time.Minute},
		{"after progress", retry.Backoff{}, retry.Attempt{Number: 1, Progress: true, Err: errTest}, 10 * time.Millisecond, 20 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			const bins = 10
			var count [bins]int
			for range draws {
				wait, ok := c.backoff.Next(c.attempt)
				if !ok || wait < c.from || wait >= c.to {
					t.Fatalf("wait %v, %v outside [%v, %v)", wait, ok, c.from, c.to)
				}
				count[int(float64(wait-c.from)/float64(c.to-c.from)*bins)]++
			}
			// A uniform distribution has 2000 in each, with a standard deviation of
			// about 42. A difference of 10 standard deviations is not chance.
			for i, n := range count {
				if n < draws/bins-424 || n > draws/bins+424 {
					t.Errorf("%[2]d of %[3]d waits are in interval %[1]d, want at least %v and at most %v", i, n, draws, draws/bins-424, draws/bins+424)
				}
			}
		})
	}
}

func TestBackoffOneNanosecond(t *testing.T) {
	t.Parallel()
	// The wait is too short to have a random part.
	if wait, ok := (retry.Backoff{Initial: 1, Jitter: 0.5}).Next(attempt(1)); wait != 1 || !ok {
		t.Errorf("Next = %v, %v, want 1 and true", wait, ok)
	}
}
