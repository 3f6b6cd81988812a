package app

import (
	"net/url"

	"github.com/tusker-go/tusker/transport"
)

// redacted is a URL that may be shown in a message.
func redacted(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(unreadable URL)"
	}
	return transport.RedactURL(u)
}
