package protocol

import (
	"encoding/base64"
	"errors"
	"strings"
)

// trim removes optional whitespace (RFC 9110, section 5.6.3) from both ends.
func trim(s string) string { return strings.Trim(s, " \t") }

func isBlank(r rune) bool { return r == ' ' || r == '\t' }

func isControl(c byte) bool { return c < 0x20 || c == 0x7f }

// wordFlaw returns why s cannot be a metadata key, an element of a list or a checksum
// algorithm, or "" if it can.
func wordFlaw(s string) string {
	if s == "" {
		return "is empty"
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			return "holds a space"
		case c == ',':
			return "holds a comma"
		case isControl(c):
			return "holds a control character"
		case c >= 0x80:
			return "holds a character outside ASCII"
		}
	}
	return ""
}

// urlFlaw returns why s cannot be in a list of URLs separated by spaces, or "" if it can.
func urlFlaw(s string) string {
	switch {
	case s == "":
		return "is empty"
	case strings.Contains(s, " "):
		return "holds a space"
	case hasControl(s):
		return "holds a control character"
	}
	return ""
}

func hasControl(s string) bool {
	for i := range len(s) {
		if isControl(s[i]) {
			return true
		}
	}
	return false
}

var errLineBreak = errors.New("line break in base64")

// decodeBase64 decodes base64 of the standard alphabet, with or without padding.
func decodeBase64(s string) ([]byte, error) {
	// The decoder skips line breaks, but a header value cannot contain them.
	if strings.ContainsAny(s, "\r\n") {
		return nil, errLineBreak
	}
	if strings.HasSuffix(s, "=") {
		return base64.StdEncoding.DecodeString(s)
	}
	return base64.RawStdEncoding.DecodeString(s)
}
