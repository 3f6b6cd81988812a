package units

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ErrAge means that a text is not an age.
var ErrAge = errors.New("not an age such as 30d, 12h or 1d12h")

const day = 24 * time.Hour

// ParseAge reads a duration as Go writes it, which may begin with a whole number
// of days of 24 hours: 720h, 30d, 1d12h. It must not be negative, and a bare
// number is 0 only. The error Is ErrAge.
func ParseAge(s string) (time.Duration, error) {
	text := strings.TrimSpace(s)
	number, rest, hasDays := strings.Cut(text, "d")
	if !hasDays {
		number, rest = "0", text
	} else if rest == "" {
		rest = "0"
	}
	// ParseUint accepts no sign. The comparison prevents an overflow.
	days, err := strconv.ParseUint(number, 10, 64)
	if err != nil || days > math.MaxInt64/uint64(day) {
		return 0, fmt.Errorf("%q: %w", s, ErrAge)
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || d > math.MaxInt64-time.Duration(days)*day {
		return 0, fmt.Errorf("%q: %w", s, ErrAge)
	}
	return time.Duration(days)*day + d, nil
}

// FormatAge writes d for people, in its largest unit, rounded down: 45s, 12m, 47h,
// 30d. A negative age, which a clock that was set back can cause, is 0s.
func FormatAge(d time.Duration) string {
	for _, u := range []struct {
		least, unit time.Duration
		name        string
	}{{2 * day, day, "d"}, {time.Hour, time.Hour, "h"}, {time.Minute, time.Minute, "m"}} {
		if d >= u.least {
			return strconv.FormatInt(int64(d/u.unit), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(max(d, 0)/time.Second), 10) + "s"
}

// Age is an age as the value of a flag.
type Age time.Duration

// Set reads an age.
func (a *Age) Set(text string) error {
	d, err := ParseAge(text)
	if err != nil {
		return err
	}
	*a = Age(d)
	return nil
}

// String writes an age so that Set reads the same value.
func (a *Age) String() string {
	d := time.Duration(*a)
	if d != 0 && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	return d.String()
}

// Type names the value in help texts.
func (a *Age) Type() string { return "age" }
