package output

import (
	"net/url"

	"github.com/tusker-go/tusker/transport"
)

// RedactURL returns the parts of a URL that may be shown: scheme, host and path.
func RedactURL(raw string) string {
	u, err := url.Parse(transport.EscapeURL(raw))
	if err != nil {
		return "(unreadable URL)"
	}
	return transport.RedactURL(u)
}
