package doctor

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// findWaits are the waits before a server is asked again for an upload that it has
// just created and does not find. An upload waits as long.
var findWaits = []time.Duration{250 * time.Millisecond, 750 * time.Millisecond, 2 * time.Second}

// find looks for the new upload at its Location. It returns false if it is not there.
func (e *examination) find(ctx context.Context) bool {
	began, misses := e.Clock.Now(), 0
	err := e.patiently(ctx, e.head)
	for _, wait := range findWaits {
		if !isMissing(err) || !e.Clock.Sleep(ctx, wait) {
			break
		}
		misses++
		err = e.patiently(ctx, e.head)
	}
	took := e.Clock.Now().Sub(began)
	e.isFound = err == nil || !e.isLost(err)
	switch {
	case err == nil && misses > 1:
		// A single miss may be that of a machine under load.
		e.located()
		e.warn("visible", "none needed: tusker asks again for 3 s", "the server finds an upload only %v after its creation", rounded(took))
	case e.isFound:
		e.located()
	default:
		advice := e.misplaced(err)
		if advice == "" {
			advice = adviceFor(err)
		}
		e.fail("location", advice, err)
		return false
	}
	return true
}

// isMissing tells whether something answered that there is no such upload.
func isMissing(err error) bool {
	return errors.Is(err, protocol.ErrNotFound) || errors.Is(err, protocol.ErrGone)
}

// isLost tells whether the error of a HEAD means that the upload cannot be reached at
// its Location. The checks that follow find other errors.
func (e *examination) isLost(err error) bool {
	exchange, ok := errors.AsType[*client.Error](err)
	return ok && (exchange.StatusCode == 0 || isMissing(err) || errors.Is(err, client.ErrNotTus) ||
		errors.Is(err, client.ErrRedirected) || e.isForeign() && exchange.StatusCode < http.StatusInternalServerError)
}

// isForeign tells whether the Location is on another origin than the endpoint.
func (e *examination) isForeign() bool {
	location, lerr := url.Parse(transport.EscapeURL(e.url))
	endpoint, eerr := url.Parse(transport.EscapeURL(e.c.Endpoint()))
	return lerr == nil && eerr == nil && !transport.SameOrigin(location, endpoint)
}

// located reports the Location of an upload that was found there.
func (e *examination) located() {
	raw, err := url.Parse(transport.EscapeURL(e.location))
	switch {
	case err != nil:
	case !raw.IsAbs() && raw.Host == "":
		e.ok("location", "", "relative to the endpoint")
	case !e.isForeign():
		e.ok("location", "", "absolute, on the same origin")
	default:
		location, err := url.Parse(transport.EscapeURL(e.url))
		if err != nil {
			return
		}
		origin := transport.Origin(location)
		e.flag("--trust-origin", origin)
		e.warn("location", "--trust-origin "+origin+" if it needs your headers and credentials",
			"on another origin: %s", origin)
	}
}

// misplaced returns what may be wrong with the Location if nothing that knows the upload
// answers there, or "".
func (e *examination) misplaced(err error) string {
	exchange, ok := errors.AsType[*client.Error](err)
	location, lerr := url.Parse(transport.EscapeURL(e.url))
	endpoint, eerr := url.Parse(transport.EscapeURL(e.c.Endpoint()))
	if !ok || lerr != nil || eerr != nil {
		return ""
	}
	refused := exchange.StatusCode == http.StatusUnauthorized || exchange.StatusCode == http.StatusForbidden
	origin := transport.Origin(location)
	switch {
	case e.isForeign() && refused:
		e.flag("--trust-origin", origin)
		return "--trust-origin " + origin + ", so that it gets your headers and credentials"
	case e.isForeign():
		host := "X-Forwarded-Host: " + endpoint.Host
		return "the Location is on another origin, " + origin + ": tell the server the address that its proxy has, or try -H '" + host + "'"
	case !strings.HasPrefix(location.EscapedPath(), strings.TrimSuffix(endpoint.EscapedPath(), "/")+"/"):
		return "the Location is not below the endpoint: does a proxy strip a prefix of the path?"
	}
	return ""
}
