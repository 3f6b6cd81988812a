package transport

import "strings"

// EscapeURL percent-encodes the bytes of a URL that RFC 3986 does not allow: the
// space, quotation marks, angle brackets, braces, backslash, caret, backtick, bar,
// bytes above ASCII, and a percent sign that no two hexadecimal digits follow. All
// other bytes stay as they are, so a valid URL is returned unchanged and %2F stays
// %2F. Package url would decode the whole path and encode it again.
//
// Raw may be relative. Scheme and authority are left to the parser, and so are
// control characters, which it refuses.
func EscapeURL(raw string) string {
	start := pathStart(raw)
	first := start
	for first < len(raw) && !needsEscape(raw, first) {
		first++
	}
	if first == len(raw) {
		return raw
	}
	const hexadecimal = "0123456789ABCDEF"
	var b strings.Builder
	b.WriteString(raw[:first])
	for i := first; i < len(raw); i++ {
		c := raw[i]
		if !needsEscape(raw, i) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hexadecimal[c>>4])
		b.WriteByte(hexadecimal[c&15])
	}
	return b.String()
}

// needsEscape reports whether the byte at i is not allowed in a path or query.
// Brackets are not either, but every parser takes them.
func needsEscape(raw string, i int) bool {
	switch c := raw[i]; c {
	case ' ', '"', '<', '>', '\\', '^', '`', '{', '|', '}':
		return true
	case '%':
		return i+2 >= len(raw) || !isHex(raw[i+1]) || !isHex(raw[i+2])
	default:
		return c >= 0x80
	}
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// pathStart is the index of the path, or of the query of a URL without a path
// (RFC 3986, appendix B).
func pathStart(raw string) int {
	start := 0
	if colon := strings.IndexAny(raw, ":/?#"); colon > 0 && raw[colon] == ':' && isScheme(raw[:colon]) {
		start = colon + 1
	}
	authority, ok := strings.CutPrefix(raw[start:], "//")
	if !ok {
		return start
	}
	if end := strings.IndexAny(authority, "/?#"); end >= 0 {
		return len(raw) - len(authority) + end
	}
	return len(raw)
}

func isScheme(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return s != ""
}
