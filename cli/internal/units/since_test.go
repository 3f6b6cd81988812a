package units_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tusker-go/tusker/cli/internal/units"
)

func TestSince(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	tests := map[string]time.Time{
		"12h":                       now.Add(-12 * time.Hour),
		"30d":                       now.AddDate(0, 0, -30),
		"0":                         now,
		"2026-01-31T08:00:00Z":      time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC),
		"2026-01-31T08:00:00+02:00": time.Date(2026, 1, 31, 6, 0, 0, 0, time.UTC),
		" 2026-01-31 ":              time.Date(2026, 1, 31, 0, 0, 0, 0, time.Local),
	}
	for text, want := range tests {
		var s units.Since
		if err := s.Set(text); err != nil || !s.Time(now).Equal(want) {
			t.Errorf("Set(%q) = %v, begins at %v, want %v", text, err, s.Time(now), want)
		}
		var again units.Since
		if err := again.Set(s.String()); err != nil || !again.Time(now).Equal(want) {
			t.Errorf("String() = %q is not read back: %v", s.String(), err)
		}
	}
	for _, text := range []string{"", "yesterday", "-1h", "12", "2026-13-01", "2026-01-31 08:00"} {
		var s units.Since
		if err := s.Set(text); !errors.Is(err, units.ErrSince) {
			t.Errorf("Set(%q) = %v, want ErrSince", text, err)
		}
	}
	if got := new(units.Since).Time(now); !got.IsZero() {
		t.Errorf("the zero value begins at %v, want the zero time", got)
	}
}
