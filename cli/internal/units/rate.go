package units

import (
	"errors"
	"fmt"
	"strings"
)

// ErrRate means that a text is not a number of bytes a second.
var ErrRate = errors.New("not a rate such as 500KB/s or 10MiB/s")

// Rate is a number of bytes a second as the value of a flag. Zero means no limit.
type Rate int64

// Set reads a size, with or without /s. "0" and "off" are no limit. The error Is ErrRate.
func (r *Rate) Set(text string) error {
	text = strings.TrimSpace(text)
	if strings.EqualFold(text, "off") {
		*r = 0
		return nil
	}
	n, err := ParseSize(strings.TrimSuffix(text, "/s"))
	if err != nil {
		return fmt.Errorf("%q: %w", text, ErrRate)
	}
	*r = Rate(n)
	return nil
}

// String writes a rate so that Set reads the same value, and "off" for no limit.
func (r *Rate) String() string {
	if *r == 0 {
		return "off"
	}
	size := Size(*r)
	return size.String() + "/s"
}

// Type names the value in help texts.
func (r *Rate) Type() string { return "rate" }
