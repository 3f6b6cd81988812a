package units

import (
	"errors"
	"fmt"
	"strings"
)

// ErrRate means that a text is not a number of bytes a second.
var ErrRate = errors.New("not a rate such as 500KB/s or 10MiB/s")

// Rate is a number of bytes a second as the value of a flag. Zero means no limit,
// and Set does not accept it.
type Rate int64

// Set reads a size above 0, with or without /s. The error Is ErrRate.
func (r *Rate) Set(text string) error {
	n, err := ParseSize(strings.TrimSuffix(strings.TrimSpace(text), "/s"))
	switch {
	case err != nil:
		return fmt.Errorf("%q: %w", text, ErrRate)
	case n == 0:
		return fmt.Errorf("%q: %w: it is not above 0", text, ErrRate)
	}
	*r = Rate(n)
	return nil
}

// String writes a rate so that Set reads the same value, and "" for no limit.
func (r *Rate) String() string {
	if *r == 0 {
		return ""
	}
	size := Size(*r)
	return size.String() + "/s"
}

// Type names the value in help texts.
func (r *Rate) Type() string { return "rate" }
