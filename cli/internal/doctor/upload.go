package doctor

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// FileName is the name of the file that is not sent completely.
const FileName = "tusker-doctor"

// shortLived is the shortest sufficient lifetime of an upload. A large file may
// need more time.
const shortLived = time.Hour

func size(n int64) string { return units.FormatSize(n) }

// create creates the upload that the other checks use. The upload is longer than
// all bytes that are ever sent, so it is never complete and the server does not
// process it. create returns false if nothing can be sent.
func (e *examination) create(ctx context.Context) bool {
	e.length = MaxBytes + 1
	if most, ok := e.caps.MaxSize.Int64(); ok {
		e.length = min(e.length, max(most, 1))
	}
	metadata := e.Metadata
	if metadata == nil {
		metadata = protocol.Metadata{"filename": FileName}
	}
	creation := protocol.Creation{Length: protocol.Known(e.length), Metadata: metadata}
	var reply *client.Reply
	send := func(ctx context.Context) (err error) {
		ctx, cancel := e.exchange(ctx)
		defer cancel()
		return e.onceMore(ctx, func(ctx context.Context) error {
			reply, err = e.c.Create(ctx, creation, nil)
			return err
		})
	}
	err := e.patiently(ctx, send)
	if errors.Is(err, protocol.ErrTooLarge) && e.length > 1<<20 {
		e.warn("size", "", "an upload of %s is refused: %s", size(e.length), plain(err))
		e.length = 1 << 20
		creation.Length = protocol.Known(e.length)
		err = e.patiently(ctx, send)
	}
	if err != nil {
		e.uncreated(err)
		return false
	}
	e.url, e.location = reply.State.Location, reply.Header.Get("Location")
	e.ok("create", "", "%d", reply.StatusCode)
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

func (e *examination) expiring(expires time.Time) {
	if expires.IsZero() {
		return
	}
	left := time.Until(expires).Round(time.Second)
	switch {
	case left <= 0:
		e.warn("expiry", "set the clocks", "uploads have expired when they are created, by %v", -left)
	case left < shortLived:
		e.warn("expiry", "let the server keep them longer", "unfinished uploads are gone after %v: a large file may need more time", left)
	default:
		e.ok("expiry", "", "unfinished uploads are kept for %v", left)
	}
}

// cleanUp deletes the upload, even if the server did not announce that it can.
func (e *examination) cleanUp(ctx context.Context) {
	err := e.patiently(ctx, func(ctx context.Context) error {
		ctx, cancel := e.exchange(ctx)
		defer cancel()
		_, err := e.c.Terminate(ctx, e.url, nil)
		return err
	})
	if err == nil || isMissing(err) && e.isFound {
		e.ok("cleanup", "", "the upload is deleted")
		return
	}
	e.report.Left = append(e.report.Left, e.url)
	advice := ""
	if !e.caps.Has(protocol.ExtensionTermination) {
		advice = "the server does not announce termination: it has to remove unfinished uploads itself"
	}
	e.warn("cleanup", advice, "an unfinished upload of %s is left: %s", size(e.offset), plain(err))
}
