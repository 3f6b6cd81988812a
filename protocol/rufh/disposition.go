package rufh

import (
	"fmt"
	"strings"
)

const headerDisposition = "Content-Disposition"

// disposition returns the Content-Disposition for the name of a file: the disposition type
// inline (-13, section 4.2.1) and the parameter filename. If the name has other characters
// than those of a token, the parameter filename* has the exact name in UTF-8 (RFC 6266,
// section 4.3, and RFC 8187), and filename has "_" in place of what is not safe there.
func disposition(name string) string {
	name = strings.ToValidUTF8(name, "\uFFFD")
	plain := strings.Map(func(r rune) rune {
		if isControl(r) || r >= 0x80 || strings.ContainsRune(`"\%`, r) {
			return '_'
		}
		return r
	}, name)
	value := `inline; filename="` + plain + `"`
	if encoded := percent(name); encoded != name {
		value += "; filename*=UTF-8''" + encoded
	}
	return value
}

// percent encodes all bytes but those of attr-char (RFC 8187, section 3.2.1).
func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', strings.IndexByte("!#$&+-.^_`|~", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
