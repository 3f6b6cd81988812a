package units_test

import (
	"errors"
	"testing"
	"time"
	_ "time/tzdata" // the test does not depend on the files of the system

	"github.com/tusker-go/tusker/cli/internal/units"
)

func TestTimetable(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) time.Time {
		now, err := time.ParseInLocation("2006-01-02 15:04:05", text, berlin)
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	const day = "08:00,1MiB/s 23:00,off"
	tests := map[string]struct {
		text string
		now  time.Time
		want int64
	}{
		"a rate":                {"10MiB/s", at("2026-01-31 12:00:00"), 10 << 20},
		"no limit":              {"0", at("2026-01-31 12:00:00"), 0},
		"off":                   {"off", at("2026-01-31 12:00:00"), 0},
		"just before a slot":    {day, at("2026-01-31 07:59:59"), 0},
		"the begin of a slot":   {day, at("2026-01-31 08:00:00"), 1 << 20},
		"the end of a slot":     {day, at("2026-01-31 22:59:59"), 1 << 20},
		"the last slot":         {day, at("2026-01-31 23:00:00"), 0},
		"after midnight":        {day, at("2026-02-01 00:00:00"), 0},
		"any order":             {"23:00,7 08:00,8", at("2026-01-31 03:00:00"), 7},
		"one digit":             {"8:00,7 9:30,8", at("2026-01-31 09:29:00"), 7},
		"one slot is all day":   {"08:00,7", at("2026-01-31 03:00:00"), 7},
		"many spaces":           {"  08:00,7   09:00,8 ", at("2026-01-31 10:00:00"), 8},
		"midnight":              {"00:00,7 12:00,8", at("2026-01-31 00:00:00"), 7},
		"summer time":           {day, at("2026-07-31 08:00:00"), 1 << 20},
		"before a skipped hour": {"02:30,7 12:00,8", at("2026-03-29 01:59:59"), 8},
		"after a skipped hour":  {"02:30,7 12:00,8", at("2026-03-29 01:59:59").Add(time.Second), 7},
		"an hour that repeats":  {"02:30,7 12:00,8", at("2026-10-25 01:59:59").Add(time.Hour + 40*time.Minute), 7},
	}
	for name, test := range tests {
		var table units.Timetable
		if err := table.Set(test.text); err != nil || table.At(test.now) != test.want {
			t.Errorf("%s: %q at %v is %d (%v), want %d", name, test.text, test.now, table.At(test.now), err, test.want)
		}
		var again units.Timetable
		if err := again.Set(table.String()); err != nil || again.At(test.now) != test.want {
			t.Errorf("%s: %q is not read back: %v", name, &table, err)
		}
	}
	for _, text := range []string{"", "fast", "08:00", "08:00,", "24:00,1", "08:00,1 08:00,2", "08:00,1 fast", "8,1", "-1"} {
		var table units.Timetable
		if err := table.Set(text); !errors.Is(err, units.ErrTimetable) && !errors.Is(err, units.ErrRate) {
			t.Errorf("Set(%q) = %v, want ErrTimetable or ErrRate", text, err)
		}
	}
	if rate, fixed := new(units.Timetable).Fixed(); rate != 0 || !fixed {
		t.Errorf("the zero value has the rate %d, %v, want 0 and true", rate, fixed)
	}
}
