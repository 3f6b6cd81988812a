package wire

import (
	"testing"
	"testing/synctest"
	"time"
)

// Changes of the limit allow no bytes above the highest limit.
func TestPaceOfChangingLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most, period = 1 << 20, 10 * time.Second
		began := time.Now()
		p := NewPaceAt(func(now time.Time) int64 {
			if now.Sub(began)/(10*time.Millisecond)%2 == 0 {
				return most
			}
			return most / 2
		})
		var sum int64
		for time.Since(began) < period {
			n := p.most(64 << 10)
			if err := p.wait(t.Context(), n); err != nil {
				t.Fatal(err)
			}
			sum += int64(n)
		}
		if limit := int64(most*period.Seconds()) + most/burstFraction; sum > limit {
			t.Errorf("%d bytes, want %d at most", sum, limit)
		}
	})
}

// A call that waits at a low limit follows a higher one soon, also if other calls wait.
func TestPaceFollowsAHigherLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := NewPaceAt(func(now time.Time) int64 {
			if now.Sub(began) < time.Second {
				return 1
			}
			return 1 << 20
		})
		const calls = 8
		done := make(chan error, calls)
		for range calls {
			go func() { done <- p.wait(t.Context(), 32<<10) }()
		}
		for range calls {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("took %v", took)
		}
	})
}
