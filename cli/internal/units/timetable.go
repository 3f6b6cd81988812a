package units

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrTimetable means that a text is neither a rate nor a timetable of rates.
var ErrTimetable = errors.New("neither a rate such as 10MiB/s, 0 or off nor a timetable such as '08:00,1MiB/s 23:00,off'")

// Timetable is a rate, or a rate for each time of the day, as the value of a flag. The zero
// value has no limit.
type Timetable struct {
	text  string
	slots []slot // in the order of the day; empty: no limit
}

// slot is a part of the day. It ends when the next slot begins; the last one ends the next day.
type slot struct {
	begin int // minutes since midnight
	rate  Rate
}

// Set reads a rate, or pairs of a time of the day and a rate that are separated by spaces. The
// error Is ErrTimetable.
func (t *Timetable) Set(text string) error {
	read := Timetable{text: strings.TrimSpace(text)}
	pairs := strings.Fields(text)
	if !strings.Contains(text, ",") {
		var only Rate
		if err := only.Set(text); err != nil {
			return fmt.Errorf("%q: %w", text, ErrTimetable)
		}
		read.slots, pairs = []slot{{0, only}}, nil
	}
	for _, pair := range pairs {
		clock, rate, _ := strings.Cut(pair, ",")
		begin, err := time.Parse("15:04", clock)
		if err != nil {
			return fmt.Errorf("%q: %q is no time of the day: %w", text, clock, ErrTimetable)
		}
		next := slot{begin: begin.Hour()*60 + begin.Minute()}
		if err := next.rate.Set(rate); err != nil {
			return fmt.Errorf("%q: %w", text, err)
		}
		if slices.ContainsFunc(read.slots, func(s slot) bool { return s.begin == next.begin }) {
			return fmt.Errorf("%q has %s twice: %w", text, clock, ErrTimetable)
		}
		read.slots = append(read.slots, next)
	}
	slices.SortFunc(read.slots, func(a, b slot) int { return a.begin - b.begin })
	*t = read
	return nil
}

// Fixed returns the only rate, and whether the rate is the same at all times.
func (t *Timetable) Fixed() (Rate, bool) {
	switch len(t.slots) {
	case 0:
		return 0, true
	case 1:
		return t.slots[0].rate, true
	}
	return 0, false
}

// At returns the rate at a time in bytes a second. The clock on the wall counts, in the
// location of the time: a slot that begins in an hour that daylight saving time skips begins
// at the end of that hour. 0: no limit.
func (t *Timetable) At(now time.Time) int64 {
	if len(t.slots) == 0 {
		return 0
	}
	minute := now.Hour()*60 + now.Minute()
	// Before the first slot of the day, the last slot of the day before continues.
	current := t.slots[len(t.slots)-1]
	for _, s := range t.slots {
		if s.begin > minute {
			break
		}
		current = s
	}
	return int64(current.rate)
}

// String returns the text that was set.
func (t *Timetable) String() string { return t.text }

// Type names the value in help texts.
func (t *Timetable) Type() string { return "rate" }
