// Package output writes what the commands have to say: results to standard
// output, progress and messages to standard error.
package output

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Escape makes s safe to show on one line: what is not printable, invalid UTF-8
// and the backslash are written as in a Go string, all else stays as it is. No
// two texts become the same.
func Escape(s string) string {
	return escape(s, true)
}

// OneLine is Escape for messages: a backslash stays, since parts of a message
// may be quoted already.
func OneLine(s string) string {
	return escape(s, false)
}

func escape(s string, backslash bool) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1, !strconv.IsPrint(r), r == '\\' && backslash:
			quoted := strconv.Quote(s[:size])
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}
