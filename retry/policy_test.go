package retry_test

import (
	"testing"
	"time"

	"github.com/tusker-go/tusker/retry"
)

func TestDelays(t *testing.T) {
	t.Parallel()
	waits := []time.Duration{time.Second, 0, -time.Second}
	policy := retry.Delays(waits...)
	waits[0] = time.Hour // the policy keeps its own
	for _, c := range []struct {
		name    string
		attempt retry.Attempt
		want    time.Duration
		ok      bool
	}{
		{"number zero", attempt(0), 0, false},
		{"first", attempt(1), time.Second, true},
		{"second", attempt(2), 0, true},
		{"negative is at once", attempt(3), 0, true},
		{"used up", attempt(4), 0, false},
		{"named wait is ignored", named(1, time.Hour), time.Second, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got, ok := policy.Next(c.attempt); got != c.want || ok != c.ok {
				t.Errorf("Next = %v, %v, want %v, %v", got, ok, c.want, c.ok)
			}
		})
	}
}
