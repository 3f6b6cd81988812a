package units_test

import (
	"errors"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/units"
)

func TestRate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want units.Rate // -1: an error
	}{
		"with a second":          {"10MiB/s", 10 << 20},
		"without a unit of time": {"500KB", 500_000},
		"bytes":                  {"7", 7},
		"spaces":                 {" 1 MiB/s ", 1 << 20},
		"zero":                   {"0", 0},
		"zero a second":          {"0KiB/s", 0},
		"off":                    {" OFF ", 0},
		"negative":               {"-1MiB", -1},
		"per minute":             {"1MiB/m", -1},
		"bits":                   {"10Mbit/s", -1},
		"empty":                  {"", -1},
		"no number":              {"/s", -1},
		"too much":               {"9999999PB", -1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got units.Rate
			err := got.Set(test.text)
			if test.want < 0 {
				if !errors.Is(err, units.ErrRate) {
					t.Errorf("Set(%q): %v, want ErrRate", test.text, err)
				}
				return
			}
			if err != nil || got != test.want {
				t.Fatalf("Set(%q) gives %d (%v), want %d", test.text, got, err, test.want)
			}
			var again units.Rate
			if err := again.Set(got.String()); err != nil || again != got {
				t.Errorf("%q is read as %d (%v), want %d", got.String(), again, err, got)
			}
		})
	}
	var none units.Rate
	if none.String() != "off" {
		t.Errorf("no limit is written %q", none.String())
	}
}
