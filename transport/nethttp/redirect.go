package nethttp

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/tusker-go/tusker/transport"
)

// Errors of redirected requests. Test for them with errors.Is.
var (
	// ErrInsecureRedirect means that a server redirected a request from https
	// to http.
	ErrInsecureRedirect = errors.New("redirect from https to http refused")

	// ErrTooManyRedirects means that a request was redirected more than 10
	// times.
	ErrTooManyRedirects = errors.New("too many redirects")

	// ErrInvalidRedirect means that the Location of a redirect is not an http
	// or https URL. The error does not contain the Location, because an invalid
	// URL may have a secret in any place.
	ErrInvalidRedirect = errors.New("the Location is not an http or https URL")
)

// IsInvalidRedirect reports whether err is [ErrInvalidRedirect], or the error
// of a plain [http.Client] for such a Location. A retry fails in the same way.
func IsInvalidRedirect(err error) bool {
	if errors.Is(err, ErrInvalidRedirect) {
		return true
	}
	e, ok := errors.AsType[*url.Error](err)
	if !ok || e.Err == nil {
		return false
	}
	// net/http has no error types for these.
	for _, text := range []string{"failed to parse Location header ", "unsupported protocol scheme ", "http: no Host in request URL"} {
		if strings.HasPrefix(e.Err.Error(), text) {
			return true
		}
	}
	return false
}

// redirectReader encodes the bytes of a Location that a URL cannot contain, and
// fails a request whose answer has a Location that cannot be parsed. http.Client
// would put the Location into the text of its error.
type redirectReader struct{ pool }

// RoundTrip implements [http.RoundTripper].
func (r redirectReader) RoundTrip(req *http.Request) (*http.Response, error) {
	transport.MarkHop(req)
	resp, err := r.pool.RoundTrip(req)
	if err != nil {
		return resp, err
	}
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		location := resp.Header.Get("Location")
		if len(location) > maxLocation {
			break // checkRedirect refuses it
		}
		// net/http encodes the whole path again, and turns %2F into a slash, if one byte
		// of the path is not allowed in a URL.
		if escaped := transport.EscapeURL(location); escaped != location {
			resp.Header.Set("Location", escaped)
			location = escaped
		}
		if _, err := req.URL.Parse(location); err != nil {
			_ = resp.Body.Close()
			return nil, fmt.Errorf("%w (status %d)", ErrInvalidRedirect, resp.StatusCode)
		}
	}
	return resp, nil
}

const maxRedirects = 10

// maxLocation is the maximum length in bytes of a Location. net/http copies the
// URL many times for each redirect.
const maxLocation = 16 << 10

// crossOrigin contains the headers that a redirect to another origin may have:
// those of tus 1.0.0 and of Resumable Uploads for HTTP, and those that describe the content or what
// the client accepts. A list of forbidden headers would miss headers of the caller with secrets.
var crossOrigin = map[string]bool{
	"Tus-Resumable":          true,
	"Upload-Checksum":        true,
	"Upload-Concat":          true,
	"Upload-Defer-Length":    true,
	"Upload-Length":          true,
	"Upload-Metadata":        true,
	"Upload-Offset":          true,
	"X-Http-Method-Override": true,

	"Upload-Complete":              true,
	"Upload-Draft-Interop-Version": true,
	"Upload-Incomplete":            true,

	"Accept":              true,
	"Accept-Encoding":     true,
	"Accept-Language":     true,
	"Cache-Control":       true,
	"Content-Disposition": true,
	"Content-Encoding":    true,
	"Content-Language":    true,
	"Content-Length":      true,
	"Content-Type":        true,
	"Expect":              true,
	"If-Match":            true,
	"If-Range":            true,
	"If-Unmodified-Since": true,
	"Range":               true,
	"User-Agent":          true,
}

// checkRedirect implements http.Client.CheckRedirect.
func checkRedirect(req *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	if req.Method != last.Method || len(req.Response.Header.Get("Location")) > maxLocation || transport.IsFinalHop(req.Context(), req.Response) {
		return http.ErrUseLastResponse
	}
	if len(via) >= maxRedirects {
		return fmt.Errorf("%w: stopped after %d", ErrTooManyRedirects, maxRedirects)
	}
	if req.URL.Scheme != "http" && req.URL.Scheme != "https" || req.URL.Hostname() == "" {
		return ErrInvalidRedirect
	}
	if last.URL.Scheme == "https" && req.URL.Scheme == "http" {
		return ErrInsecureRedirect
	}
	if reached := transport.Readdress(req.URL, last.URL, last.Host); reached != req.URL {
		// http.Client takes the name in Host for another server, so it removed Host and the
		// credentials.
		req.URL, req.Host = reached, last.Host
		restoreHeader(req.Header, last.Header)
	}
	// After a redirect to another origin, that origin chooses the next URL, so
	// the headers are removed even if the next URL has the first origin.
	// http.Client copies headers and context of the first request for each
	// redirect.
	for _, r := range append(via[1:len(via):len(via)], req) {
		if !transport.SameOrigin(r.URL, via[0].URL) {
			stripHeader(req.Header)
			*req = *req.WithContext(transport.WithoutCredentials(req.Context()))
			break
		}
	}
	return nil
}

// restoreHeader adds the fields of before that h lacks.
func restoreHeader(h, before http.Header) {
	for key, values := range before {
		if _, ok := h[key]; !ok {
			h[key] = values
		}
	}
}

func stripHeader(h http.Header) {
	for key := range h {
		if !crossOrigin[http.CanonicalHeaderKey(key)] {
			delete(h, key)
		}
	}
}
