package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// Errors about where a server says that an upload is; test for them with
// errors.Is.
var (
	// ErrInvalidLocation means that the server's Location is not a URL that an
	// upload can be sent to.
	ErrInvalidLocation = errors.New("invalid location")

	// ErrInsecureLocation means that the server answered over https with a
	// Location on http. Behind a proxy that ends TLS, the server has to be
	// told to trust the proxy's forwarded headers.
	ErrInsecureLocation = errors.New("location leaves https for http")
)

// parseURL accepts absolute http and https URLs. Bytes that a URL cannot hold are
// percent-encoded, and all others stay as they are. A fragment is dropped, since
// no request carries it.
func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(transport.EscapeURL(raw))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidURL, transport.RedactError(err))
	}
	switch {
	case u.Scheme == "":
		return nil, fmt.Errorf("%w: %q has no scheme, such as https://", ErrInvalidURL, transport.RedactURL(u))
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%w: %q: scheme %q is neither http nor https", ErrInvalidURL, transport.RedactURL(u), u.Scheme)
	case u.Hostname() == "":
		return nil, fmt.Errorf("%w: %q has no host", ErrInvalidURL, transport.RedactURL(u))
	}
	if _, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && err != nil {
		return nil, fmt.Errorf("%w: %q: there is no port %s", ErrInvalidURL, transport.RedactURL(u), u.Port())
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// maxLocation is the largest number of bytes of a Location that is followed. A
// longer one would be repeated in every request, log line and record.
const maxLocation = 16 << 10

func checkLocation(location string) error {
	if len(location) > maxLocation {
		return fmt.Errorf("%w: it has %d bytes, more than %d", ErrInvalidLocation, len(location), maxLocation)
	}
	return nil
}

// resolveLocation makes a Location absolute. Base is the URL that answered,
// after redirects. The Location is kept to the letter, but for bytes that no URL can
// hold, which are percent-encoded.
func resolveLocation(base *url.URL, location string) (*url.URL, error) {
	if err := checkLocation(location); err != nil {
		return nil, err
	}
	ref, err := url.Parse(transport.EscapeURL(strings.TrimSpace(location)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidLocation, transport.RedactError(err))
	}
	whole := base.ResolveReference(ref)
	// What was relative may be unreadable once it has a scheme, as "//::" is.
	u, err := parseURL(whole.String())
	if err != nil {
		return nil, fmt.Errorf("%w: %q is not an http or https URL", ErrInvalidLocation, transport.RedactURL(whole))
	}
	if base.Scheme == "https" && u.Scheme == "http" {
		return nil, fmt.Errorf("%w: %q", ErrInsecureLocation, transport.RedactURL(u))
	}
	return u, nil
}

// redirects gives the URL that answered what was asked for at asked, where final was
// the request that got the answer, and the one to ask at from now on: redirects other
// than 301 and 308 hold for one request only (RFC 9110, section 15.4). What a
// RoundTripper made of a URL is left out.
func redirects(asked *url.URL, final *http.Request) (where, lasting *url.URL, err error) {
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
			return nil, nil, fmt.Errorf("%w: %w", ErrInvalidLocation, transport.RedactError(err))
		}
		if where.Scheme == "https" && next.Scheme == "http" {
			return nil, nil, fmt.Errorf("%w to %s: %w", ErrRedirected, transport.RedactURL(next), nethttp.ErrInsecureRedirect)
		}
		where = next
		forGood = forGood && (r.Response.StatusCode == http.StatusMovedPermanently || r.Response.StatusCode == http.StatusPermanentRedirect)
		if forGood {
			lasting = next
		}
	}
	return where, lasting, nil
}

// withoutFragment is u as text.
func withoutFragment(u *url.URL) string {
	plain := *u
	plain.Fragment, plain.RawFragment = "", ""
	return plain.String()
}

// sameOrigin compares scheme, host and port, with default ports filled in
// (RFC 6454, section 5).
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme &&
		strings.EqualFold(a.Hostname(), b.Hostname()) &&
		port(a) == port(b)
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}
