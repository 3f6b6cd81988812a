// Package output writes the output of the commands: results to standard output,
// progress and messages to standard error.
package output

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Escape makes s safe to show on one line: characters that are not printable,
// invalid UTF-8 and the backslash are written as in a Go string, and all other text
// stays unchanged. Different texts have different results.
func Escape(s string) string {
	return escape(s, true)
}

// OneLine is Escape for messages: a backslash stays unchanged, because parts of a
// message may already be quoted.
func OneLine(s string) string {
	return escape(s, false)
}

// Plain returns JSON with the same meaning that is safe to show: encoders leave
// some characters in strings unescaped that are not printable, such as the controls
// above ASCII.
func Plain(json []byte) []byte {
	if !bytes.ContainsFunc(json, isOdd) {
		return json
	}
	var b bytes.Buffer
	for _, r := range string(json) {
		switch {
		case !isOdd(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes()
}

// isOdd reports whether r is not printable, although JSON allows it unescaped in a
// string.
func isOdd(r rune) bool { return r >= 0x7f && !strconv.IsPrint(r) }

// isPlain reports whether s is printable ASCII, as most names are. Each of its bytes is one
// character of one column.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func escape(s string, backslash bool) string {
	if isPlain(s) && (!backslash || strings.IndexByte(s, '\\') < 0) {
		return s
	}
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
