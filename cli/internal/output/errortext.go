package output

import "strings"

// ErrorText returns the text of err on one line, as far as errors were joined: the texts of
// errors.Join are separated by "; " instead of line breaks. Other line breaks stay.
func ErrorText(err error) string {
	text := err.Error()
	var inner []error
	switch e := err.(type) { //nolint:errorlint // The tree is walked one error at a time.
	case interface{ Unwrap() error }:
		if next := e.Unwrap(); next != nil {
			inner = []error{next}
		}
	case interface{ Unwrap() []error }:
		inner = e.Unwrap()
	}
	before, after := make([]string, len(inner)), make([]string, len(inner))
	for i, e := range inner {
		before[i], after[i] = e.Error(), ErrorText(e)
	}
	if len(inner) > 1 && text == strings.Join(before, "\n") {
		return strings.Join(after, "; ")
	}
	for i := range inner {
		if before[i] != after[i] {
			text = strings.Replace(text, before[i], after[i], 1)
		}
	}
	return text
}
