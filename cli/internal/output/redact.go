package output

import (
	"net/url"

	"github.com/tusker-go/tusker/transport"
)

// RedactURL gives what may be shown of a URL: scheme, host and path.
func RedactURL(raw string) string {
	u, err := url.Parse(transport.EscapeURL(raw))
	if err != nil {
		return "(unreadable URL)"
	}
	return transport.RedactURL(u)
}
