package units

import (
	"errors"
	"math"
	"testing"
	"time"
)

func TestParseAge(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want time.Duration
		bad  bool
	}{
		"hours":            {"720h", 720 * time.Hour, false},
		"days":             {"30d", 720 * time.Hour, false},
		"days and hours":   {"1d12h", 36 * time.Hour, false},
		"zero":             {"0", 0, false},
		"zero days":        {"0d", 0, false},
		"space":            {" 1d ", 24 * time.Hour, false},
		"empty":            {"", 0, true},
		"no unit":          {"30", 0, true},
		"no number":        {"d", 0, true},
		"negative":         {"-1h", 0, true},
		"negative days":    {"-1d", 0, true},
		"days minus hours": {"1d-1h", 0, true},
		"signed days":      {"+1d", 0, true},
		"parts of a day":   {"1.5d", 0, true},
		"other unit":       {"2w", 0, true},
		"text after days":  {"1dx", 0, true},
		"most days":        {"106751d", 106751 * 24 * time.Hour, false},
		"too many days":    {"106752d", 0, true},
		"too many hours":   {"106751d24h", 0, true},
		"beyond a number":  {"99999999999999999999d", 0, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseAge(test.text)
			if got != test.want || errors.Is(err, ErrAge) != test.bad || err != nil != test.bad {
				t.Errorf("ParseAge(%q) = %v, %v, want %v", test.text, got, err, test.want)
			}
		})
	}
}

func TestFormatAge(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Hour:               "0s",
		0:                        "0s",
		999 * time.Millisecond:   "0s",
		59 * time.Second:         "59s",
		time.Minute:              "1m",
		time.Hour - 1:            "59m",
		time.Hour:                "1h",
		2*day - 1:                "47h",
		2 * day:                  "2d",
		400 * day:                "400d",
		time.Duration(1<<63 - 1): "106751d",
	} {
		if got := FormatAge(d); got != want {
			t.Errorf("FormatAge(%v) = %s, want %s", d, got, want)
		}
	}
}

func TestAgeFlag(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{0, time.Second, 90 * time.Minute, day, 30 * day, 30*day + 1, math.MaxInt64} {
		a := Age(d)
		var again Age
		if err := again.Set(a.String()); err != nil || again != a {
			t.Errorf("%v is written as %s and read as %v (%v), want %v and no error", d, &a, time.Duration(again), err, a)
		}
	}
}
