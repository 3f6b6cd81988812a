package output

import (
	"net/url"
	"strings"

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

// RedactServers returns URLs that are separated by commas, each without its user and the path.
func RedactServers(list string) string {
	servers := strings.Split(list, ",")
	for i, server := range servers {
		scheme, rest, ok := strings.Cut(strings.TrimSpace(server), "://")
		if !ok {
			scheme, rest = "", scheme
		} else {
			scheme += "://"
		}
		rest = rest[strings.LastIndex(rest, "@")+1:] // a password may have any characters
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		servers[i] = scheme + rest[:end]
	}
	return strings.Join(servers, ",")
}
