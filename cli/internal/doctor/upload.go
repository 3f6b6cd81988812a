package doctor

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// shortLived is the shortest sufficient lifetime of an upload. A large file may
// need more time.
const shortLived = time.Hour

func size(n int64) string { return units.FormatSize(n) }

// create creates the upload that the other checks use. The upload is longer than
// all bytes that are ever sent, so it is never complete and the server does not
// process it. create returns false if nothing can be sent.
func (e *examination) create(ctx context.Context) bool {
	ctx, cancel := e.exchange(ctx)
	defer cancel()
	e.length = MaxBytes + 1
	if most, ok := e.caps.MaxSize.Int64(); ok {
		e.length = min(e.length, max(most, 1))
	}
	creation := protocol.Creation{Length: protocol.Known(e.length), Metadata: protocol.Metadata{"filename": "tusker-doctor"}}
	reply, err := e.c.Create(ctx, creation, nil)
	if errors.Is(err, protocol.ErrTooLarge) && e.length > 1<<20 {
		e.warn("size", "", "an upload of %s is refused: %s", size(e.length), plain(err))
		e.length = 1 << 20
		creation.Length = protocol.Known(e.length)
		reply, err = e.c.Create(ctx, creation, nil)
	}
	if err != nil {
		e.uncreated(err)
		return false
	}
	e.url = reply.State.Location
	e.ok("create", "", "%d", reply.StatusCode)
	e.located(reply)
	e.expiring(reply.State.Expires)
	return true
}

// uncreated reports why the creation failed or why its URL cannot be used.
func (e *examination) uncreated(err error) {
	exchange, ok := errors.AsType[*client.Error](err)
	if ok && exchange.StatusCode == http.StatusCreated {
		if location := exchange.Header.Get("Location"); location != "" {
			e.report.Left = append(e.report.Left, location)
		}
	}
	switch {
	case errors.Is(err, client.ErrInsecureLocation):
		e.fail("location", "tell the server to trust the forwarded headers of the proxy that ends TLS", err)
	case errors.Is(err, client.ErrInvalidLocation):
		e.fail("location", "", err)
	case errors.Is(err, client.ErrRedirected):
		e.fail("redirect", "give the address that it redirects to as ENDPOINT", err)
	default:
		e.fail("create", "", err)
	}
}

// located reports the Location that the server gave to the upload.
func (e *examination) located(reply *client.Reply) {
	raw, err := url.Parse(transport.EscapeURL(reply.Header.Get("Location")))
	location, lerr := url.Parse(e.url)
	endpoint, eerr := url.Parse(e.c.Endpoint())
	if err != nil || lerr != nil || eerr != nil {
		return
	}
	switch {
	case !raw.IsAbs() && raw.Host == "":
		e.ok("location", "", "relative to the endpoint")
	case transport.SameOrigin(location, endpoint):
		e.ok("location", "", "absolute, on the same origin")
	default:
		origin := transport.Origin(location)
		e.warn("location", "--trust-origin "+origin+" if it needs your headers and credentials",
			"on another origin: %s", origin)
	}
}

// misplaced returns what may be wrong with the Location if nothing that knows the upload
// answers there, or "".
func (e *examination) misplaced(err error) string {
	exchange, ok := errors.AsType[*client.Error](err)
	if !ok || exchange.StatusCode != 0 && !errors.Is(err, protocol.ErrNotFound) && !errors.Is(err, client.ErrNotTus) {
		return ""
	}
	location, lerr := url.Parse(transport.EscapeURL(e.url))
	endpoint, eerr := url.Parse(transport.EscapeURL(e.c.Endpoint()))
	switch {
	case lerr != nil || eerr != nil:
	case !transport.SameOrigin(location, endpoint):
		return "the Location is on another origin: tell the server the address that its proxy has (X-Forwarded-Host)"
	case !strings.HasPrefix(location.EscapedPath(), strings.TrimSuffix(endpoint.EscapedPath(), "/")+"/"):
		return "the Location is not below the endpoint: does a proxy strip a prefix of the path?"
	}
	return ""
}

func (e *examination) expiring(expires time.Time) {
	if expires.IsZero() {
		return
	}
	left := time.Until(expires).Round(time.Second)
	switch {
	case left <= 0:
		e.warn("expiry", "set the clocks", "uploads have expired when they are created, by %v", -left)
	case left < shortLived:
		e.warn("expiry", "", "unfinished uploads are gone after %v: large files may not make it", left)
	default:
		e.ok("expiry", "", "unfinished uploads are kept for %v", left)
	}
}

// cleanUp deletes the upload, even if the server did not announce that it can.
func (e *examination) cleanUp(ctx context.Context) {
	ctx, cancel := e.exchange(ctx)
	defer cancel()
	_, err := e.c.Terminate(ctx, e.url, nil)
	if err == nil || errors.Is(err, protocol.ErrNotFound) || errors.Is(err, protocol.ErrGone) {
		e.ok("cleanup", "", "the upload is deleted")
		return
	}
	e.report.Left = append(e.report.Left, e.url)
	advice := ""
	if !e.caps.Has(protocol.ExtensionTermination) {
		advice = "the server does not announce termination: it has to clean up by itself"
	}
	e.warn("cleanup", advice, "an unfinished upload of %s is left: %s", size(e.offset), plain(err))
}
