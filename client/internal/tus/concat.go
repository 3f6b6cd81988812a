package tus

import (
	"net/url"
	"strings"

	"github.com/tusker-go/tusker/transport"
)

// maxConcat is how many bytes the URLs of parts may take in one header: proxies refuse
// headers over 8 KiB, and the other headers of a request need room, too.
const maxConcat = 7 << 10

// shorten removes the origin from the URLs of parts if all of them would make a header
// that is too long.
func shorten(endpoint string, parts []string) []string {
	size := len("final;")
	for _, p := range parts {
		size += len(p) + len(" ")
	}
	base, err := url.Parse(endpoint)
	if size <= maxConcat || err != nil {
		return parts
	}
	short := make([]string, len(parts))
	for i, p := range parts {
		short[i] = relative(base, p)
	}
	return short
}

// relative returns the URL of a part without its origin if base has the same origin.
func relative(base *url.URL, part string) string {
	u, err := url.Parse(transport.EscapeURL(part))
	// A path that begins with two slashes would be read as a host.
	if err != nil || !transport.SameOrigin(base, u) || strings.HasPrefix(u.Path, "//") {
		return part
	}
	return u.RequestURI()
}

// maxParts returns how many parts one header can name, judging by the URL of one.
func maxParts(endpoint, part string) int {
	if base, err := url.Parse(endpoint); err == nil {
		part = relative(base, part)
	}
	return max(1, maxConcat/(len(part)+len(" ")))
}
