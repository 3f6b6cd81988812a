// Package redact makes URLs and the texts of servers fit for messages and logs.
package redact

import (
	"net/url"
	"strings"

	"github.com/tusker-go/tusker/transport"
)

// MaxText is how many bytes of a server's text are shown in a message.
const MaxText = 300

// MaxCause is how many bytes of a cause are shown in a message. A cause may quote a header.
const MaxCause = 4 << 10

// URL returns a URL without query and user information, which may be secrets.
func URL(raw string) string {
	u, err := url.Parse(transport.EscapeURL(raw))
	if err != nil {
		return "(unreadable URL)"
	}
	return transport.RedactURL(u)
}

// Shorten returns the beginning of a text, at most most bytes of it.
func Shorten(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// ServerText returns what is shown of the body of an answer, at most MaxText bytes. A page
// of HTML has no text.
func ServerText(body string) string {
	if IsPage(body) {
		return ""
	}
	return Shorten(strings.TrimSpace(body), MaxText)
}

// IsPage reports whether a body is HTML or XML, which is written for a browser and not for
// a client.
func IsPage(body string) bool { return strings.HasPrefix(strings.TrimSpace(body), "<") }
