package units

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrSince means that a text is neither an age nor a date.
var ErrSince = errors.New("neither an age such as 12h or 30d nor a date such as 2026-01-31 or 2026-01-31T08:00:00Z")

// Since is the beginning of a period that ends now, as the value of a flag: an age, or a
// date. The zero value has no beginning.
type Since struct {
	text string
	age  time.Duration
	date time.Time // zero: age counts
}

// Set reads an age, a time in the format of RFC 3339, or a date without a time. Such a date
// begins at midnight, local time. The error Is ErrSince.
func (s *Since) Set(text string) error {
	text = strings.TrimSpace(text)
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if date, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			*s = Since{text: text, date: date}
			return nil
		}
	}
	age, err := ParseAge(text)
	if err != nil {
		return fmt.Errorf("%q: %w", text, ErrSince)
	}
	*s = Since{text: text, age: age}
	return nil
}

// Time returns the beginning of the period that ends at now. It is the zero time if there is
// no beginning.
func (s *Since) Time(now time.Time) time.Time {
	switch {
	case s.text == "", !s.date.IsZero():
		return s.date
	}
	return now.Add(-s.age)
}

// String returns the text that was set.
func (s *Since) String() string { return s.text }

// Type names the value in help texts.
func (s *Since) Type() string { return "age|date" }
