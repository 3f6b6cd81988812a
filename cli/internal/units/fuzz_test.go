package units_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tusker-go/tusker/cli/internal/units"
)

// A size that Set reads has a text form that Set reads as the same size.
func FuzzSize(f *testing.F) {
	for _, seed := range []string{"", "0", "512", "64KiB", "1.5GiB", "2 GB", "1e3", "-1", "0x10", "9223372036854775807", "0.0000000001P", "..", "1/3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := units.ParseSize(text)
		if err != nil {
			if n != 0 || !errors.Is(err, units.ErrSize) {
				t.Errorf("ParseSize(%q) = %d, %v, want 0 and ErrSize", text, n, err)
			}
			return
		}
		s := units.Size(n)
		if again, err := units.ParseSize(s.String()); n < 0 || err != nil || again != n {
			t.Errorf("%q is %d, written %s, and then %d, %v, want at least 0, %v and no error", text, n, &s, again, err, n)
		}
		_ = units.FormatSize(n)
	})
}

func FuzzRate(f *testing.F) {
	for _, seed := range []string{"", "10MiB/s", "500KB", " 1 MiB/s ", "0", "/s", "1/s/s", "1MiB/m"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var r, again units.Rate
		if err := r.Set(text); err != nil {
			if r != 0 || !errors.Is(err, units.ErrRate) {
				t.Errorf("Set(%q) = %d, %v, want 0 and ErrRate", text, r, err)
			}
			return
		}
		if err := again.Set(r.String()); r < 0 || err != nil || again != r {
			t.Errorf("%q is %d, written %s, and then %d, %v, want at least 0, %v and no error", text, r, &r, again, err, r)
		}
	})
}

func FuzzAge(f *testing.F) {
	for _, seed := range []string{"", "0", "30d", "1d12h", "1.5h", "-1h", "d", "106751d23h47m16s854775807ns", "1d-1h", "1h1d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := units.ParseAge(text)
		if err != nil {
			if d != 0 || !errors.Is(err, units.ErrAge) {
				t.Errorf("ParseAge(%q) = %v, %v, want 0 and ErrAge", text, d, err)
			}
			return
		}
		a := units.Age(d)
		if again, err := units.ParseAge(a.String()); d < 0 || err != nil || again != d {
			t.Errorf("%q is %v, written %s, and then %v, %v, want at least 0, %v and no error", text, d, &a, again, err, d)
		}
		_ = units.FormatAge(time.Duration(a))
	})
}
