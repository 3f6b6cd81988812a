package flags

import (
	"errors"
	"strconv"
)

// Skipping is the value of --skip-sent.
type Skipping uint8

// The values of --skip-sent.
const (
	// SkipNone: files that an earlier run has sent are sent again.
	SkipNone Skipping = iota
	// SkipAsked: they are skipped if the server still has them.
	SkipAsked
	// SkipLocal: they are skipped, and the server is not asked.
	SkipLocal
)

// skipLocal is the text of SkipLocal.
const skipLocal = "local"

var errSkipping = errors.New("not one of true, false, local")

// Set reads true, false or local. It implements pflag.Value.
func (s *Skipping) Set(text string) error {
	if text == skipLocal {
		*s = SkipLocal
		return nil
	}
	on, err := strconv.ParseBool(text)
	if err != nil {
		return errSkipping
	}
	*s = SkipNone
	if on {
		*s = SkipAsked
	}
	return nil
}

// String writes a value in the form that Set reads.
func (s *Skipping) String() string {
	if *s == SkipLocal {
		return skipLocal
	}
	return strconv.FormatBool(*s == SkipAsked)
}

// Type names the value in help texts.
func (s *Skipping) Type() string { return "how" }
