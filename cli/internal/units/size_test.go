package units_test

import (
	"errors"
	"math"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/units"
)

func TestParseSize(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want int64
	}{
		"zero":              {"0", 0},
		"bytes":             {"512", 512},
		"bytes with unit":   {"512B", 512},
		"binary":            {"64KiB", 64 << 10},
		"binary in lower":   {"8mib", 8 << 20},
		"decimal":           {"2GB", 2e9},
		"bare letter":       {"5M", 5 << 20},
		"fraction":          {"1.5GiB", 3 << 29},
		"decimal fraction":  {"1.5kB", 1500},
		"space before unit": {"64 MiB", 64 << 20},
		"largest":           {"9223372036854775807", math.MaxInt64},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := units.ParseSize(test.text)
			if err != nil || got != test.want {
				t.Errorf("ParseSize(%q) = %d, %v, want %d", test.text, got, err, test.want)
			}
		})
	}
}

func TestParseSizeRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"empty":          "",
		"unit only":      "MiB",
		"unknown unit":   "5 parsecs",
		"negative":       "-1",
		"sign":           "+1",
		"exponent":       "1e3",
		"quotient":       "1/2",
		"hexadecimal":    "0x10",
		"two points":     "1.2.3",
		"point only":     ".",
		"part of a byte": "1.5",
		"one too large":  "9223372036854775808",
		"much too large": "9999999PiB",
		"endless digits": "1111111111111111111111111111111111111111111111",
		"rate":           "10MiB/s",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if n, err := units.ParseSize(text); !errors.Is(err, units.ErrSize) {
				t.Errorf("ParseSize(%q) = %d, %v, want ErrSize", text, n, err)
			}
		})
	}
}

func TestFormatSize(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		n    int64
		want string
	}{
		"zero":                {0, "0 B"},
		"bytes":               {1023, "1023 B"},
		"one unit":            {1 << 10, "1 KiB"},
		"decimal":             {3 << 19, "1.5 MiB"},
		"whole":               {64 << 20, "64 MiB"},
		"rounded to next":     {1<<20 - 1, "1 MiB"},
		"largest":             {math.MaxInt64, "8 EiB"},
		"negative difference": {-2048, "-2 KiB"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := units.FormatSize(test.n); got != test.want {
				t.Errorf("FormatSize(%d) = %q, want %q", test.n, got, test.want)
			}
		})
	}
}

func TestSizeRoundTrip(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0", "512", "64KiB", "8MiB", "3GiB", "1000"} {
		var s units.Size
		if err := s.Set(text); err != nil {
			t.Fatal(err)
		}
		if got := s.String(); got != text {
			t.Errorf("Set(%q) gives %q, want %q", text, got, text)
		}
	}
	s := units.Size(7)
	if err := s.Set("x"); err == nil || s != 7 {
		t.Errorf("Set(x) = %v and leaves %d, want an error and 7", err, s)
	}
}
