package progress

import (
	"testing"
	"time"
)

func TestRate(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		counts    []int64 // one per second
		least     float64
		most      float64
		remaining bool // there is a forecast
	}{
		"no samples":   {nil, 0, 0, false},
		"one":          {[]int64{100}, 0, 0, false},
		"two":          {[]int64{0, 100}, 99, 101, false},
		"steady":       {[]int64{0, 100, 200, 300}, 99, 101, true},
		"from above 0": {[]int64{900, 1000, 1100, 1200}, 99, 101, true},
		"slower":       {[]int64{0, 1000, 2000, 2000, 2000, 2000}, 100, 400, true},
		"decreased":    {[]int64{0, 100, 200, 0, 100, 200}, 70, 90, true},
		"constant":     {[]int64{5, 5, 5, 5}, 0, 0, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r rate
			for i, n := range test.counts {
				r.sample(start.Add(time.Duration(i)*time.Second), n)
				r.sample(start.Add(time.Duration(i)*time.Second), n)
			}
			if got := r.value(); got < test.least || got > test.most {
				t.Errorf("rate %v, want %v to %v", got, test.least, test.most)
			}
			if _, ok := r.timeLeft(1000); ok != test.remaining {
				t.Errorf("forecast: %v, want %v", ok, test.remaining)
			}
		})
	}
}

func TestTimeLeft(t *testing.T) {
	t.Parallel()
	var r rate
	start := time.Now()
	for i := range 10 {
		r.sample(start.Add(time.Duration(i)*time.Second), int64(i)*10)
	}
	for bytes, want := range map[int64]string{0: "0:00", 70: "0:07", 7540: "12:34", 37230: "1:02:03", 2736000: "3d 4h"} {
		left, ok := r.timeLeft(bytes)
		if got := clock(left); !ok || got != want {
			t.Errorf("%d bytes: %v, want %v", bytes, got, want)
		}
	}
	if left, ok := r.timeLeft(1 << 62); ok {
		t.Errorf("a forecast of %v, want none", left)
	}
}
