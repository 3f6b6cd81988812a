// Package address has the rules for URLs of uploads: which ones are accepted, how a
// Location and a redirect are resolved, and which ones have the same origin.
package address

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// Parse accepts absolute http and https URLs. It percent-encodes bytes that a URL cannot
// hold, and keeps all others as they are. It drops a fragment, because no request
// carries one, and the colon of an empty port. The error Is failure.ErrInvalidURL and shows
// no secrets.
func Parse(raw string) (*url.URL, error) {
	u, err := url.Parse(transport.EscapeURL(raw))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", failure.ErrInvalidURL, transport.RedactError(err))
	}
	switch {
	case u.Scheme == "":
		return nil, fmt.Errorf("%w: %q has no scheme, such as https://", failure.ErrInvalidURL, transport.RedactURL(u))
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%w: %q: scheme %q is neither http nor https", failure.ErrInvalidURL, transport.RedactURL(u), u.Scheme)
	case u.Hostname() == "":
		return nil, fmt.Errorf("%w: %q has no host", failure.ErrInvalidURL, transport.RedactURL(u))
	}
	if port := u.Port(); port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return nil, fmt.Errorf("%w: %q: there is no port %s", failure.ErrInvalidURL, transport.RedactURL(u), port)
		}
	}
	u.Host = strings.TrimSuffix(u.Host, ":")
	u.Fragment, u.RawFragment = "", ""
	if strings.ContainsFunc(u.Host, func(r rune) bool { return r >= 0x80 }) {
		u.Host = strings.ToLower(u.Host) // net/http converts letters to Punycode, but not their case
	}
	return u, nil
}

// maxLocation is the largest number of bytes of a Location that is followed. A longer one
// would be repeated in every request, log line and record.
const maxLocation = 16 << 10

func checkLocation(location string) error {
	if len(location) > maxLocation {
		return fmt.Errorf("%w: it has %d bytes, more than %d", failure.ErrInvalidLocation, len(location), maxLocation)
	}
	return nil
}

// Resolve makes a Location absolute. Base is the URL that answered, after Redirects, and
// host is the Host header of that request, or "". A Location under that Host is reached at
// the address of base. The query is kept unchanged, except for
// bytes that a URL cannot contain.
func Resolve(base *url.URL, host, location string) (*url.URL, error) {
	if err := checkLocation(location); err != nil {
		return nil, err
	}
	ref, err := url.Parse(transport.EscapeURL(strings.TrimSpace(location)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", failure.ErrInvalidLocation, transport.RedactError(err))
	}
	whole := base.ResolveReference(ref)
	// A relative reference such as "//::" may be unreadable once it has a scheme.
	u, err := Parse(whole.String())
	if err != nil {
		return nil, fmt.Errorf("%w: %q is not an http or https URL", failure.ErrInvalidLocation, transport.RedactURL(whole))
	}
	if base.Scheme == "https" && u.Scheme == "http" {
		return nil, fmt.Errorf("%w: %q", failure.ErrInsecureLocation, transport.RedactURL(u))
	}
	return transport.Readdress(u, base, host), nil
}

// Redirects follows the redirects of a request to asked, whose last hop was final. It
// returns the URL that answered, and the URL to ask from now on: redirects other than 301
// and 308 hold for one request only (RFC 9110, section 15.4). A URL that a RoundTripper
// rewrote does not count.
func Redirects(asked *url.URL, final *http.Request) (where, lasting *url.URL, err error) {
	var hops []*http.Request
	for r := final; r != nil && r.Response != nil; r = r.Response.Request {
		hops = append(hops, r)
	}
	where, lasting = asked, asked
	forGood := true
	for _, r := range slices.Backward(hops) {
		location := r.Response.Header.Get("Location")
		if err := checkLocation(location); err != nil {
			return nil, nil, err
		}
		next, err := where.Parse(transport.EscapeURL(location))
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %w", failure.ErrInvalidLocation, transport.RedactError(err))
		}
		if where.Scheme == "https" && next.Scheme == "http" {
			return nil, nil, fmt.Errorf("%w to %s: %w", failure.ErrRedirected, transport.RedactURL(next), nethttp.ErrInsecureRedirect)
		}
		where = transport.Readdress(next, where, r.Response.Request.Host)
		forGood = forGood && (r.Response.StatusCode == http.StatusMovedPermanently || r.Response.StatusCode == http.StatusPermanentRedirect)
		if forGood {
			lasting = where
		}
	}
	return where, lasting, nil
}

// WithoutFragment returns u as text, without its fragment.
func WithoutFragment(u *url.URL) string {
	plain := *u
	plain.Fragment, plain.RawFragment = "", ""
	return plain.String()
}

// HostOf returns scheme, host and port of a URL. It is the key of facts about a host.
func HostOf(rawURL string) string {
	u, err := url.Parse(transport.EscapeURL(rawURL))
	if err != nil {
		return ""
	}
	return transport.Origin(u)
}

// WithoutQuery returns an endpoint without its query, which may be a secret. Endpoints that
// differ only in their queries have different keys.
func WithoutQuery(endpoint string) string {
	plain, _, _ := strings.Cut(endpoint, "?")
	return plain
}

// LeavesTLS reports whether an upload that began at an endpoint on https would
// continue at a location that is not. URLs that cannot be parsed count as such.
func LeavesTLS(endpoint, location string) bool {
	from, err := url.Parse(endpoint)
	to, err2 := url.Parse(location)
	return err != nil || err2 != nil || from.Scheme == "https" && to.Scheme != "https"
}

// RedirectError adds to err, which Is protocol.ErrRedirect, where the Location of a
// redirect leads.
func RedirectError(err error, from *url.URL, location string) error {
	if location == "" {
		return fmt.Errorf("%w: %w", failure.ErrRedirected, err)
	}
	if checkLocation(location) != nil {
		return fmt.Errorf("%w to an unreadable address: %w", failure.ErrRedirected, err)
	}
	to, perr := url.Parse(transport.EscapeURL(location))
	if perr != nil {
		return fmt.Errorf("%w to an unreadable address: %w", failure.ErrRedirected, err)
	}
	return fmt.Errorf("%w to %s: %w", failure.ErrRedirected, transport.RedactURL(from.ResolveReference(to)), err)
}

// Misplaced returns in words what may be wrong with the Location of an upload for which no
// server answers, or "". Many servers have good reasons for such a Location, so it is no
// error in itself.
func Misplaced(endpoint, location string) string {
	from, err := Parse(endpoint)
	if err != nil {
		return ""
	}
	to, err := Parse(location)
	switch {
	case err != nil:
		return ""
	case !transport.SameOrigin(from, to):
		return fmt.Sprintf("the server sent the upload to %s, another origin than that of the endpoint: does it know the address that its proxy has (X-Forwarded-Host)?", HostOf(location))
	case !strings.HasPrefix(to.EscapedPath(), strings.TrimSuffix(from.EscapedPath(), "/")+"/"):
		return fmt.Sprintf("the Location %s is not below the endpoint %s: does a proxy strip a prefix of the path?", to.EscapedPath(), from.EscapedPath())
	}
	return ""
}
