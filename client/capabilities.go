package client

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// capabilitiesAge is for how long what a server said of itself, in another run,
// is taken for true.
const capabilitiesAge = 24 * time.Hour

// CapabilityStore is what a Store also has where it can keep what servers say
// that they can do, so that not every run has to ask. What it keeps is only a
// hint: it may be lost at any time. Both methods are safe for concurrent use,
// and fail as those of Store do where ctx has ended.
type CapabilityStore interface {
	// LoadCapabilities returns what was saved for the endpoint, and when the
	// server said so. The error Is ErrNoRecord where there is nothing.
	LoadCapabilities(ctx context.Context, endpoint string) (protocol.Capabilities, time.Time, error)

	// SaveCapabilities keeps what the server of the endpoint said at the time
	// asked. The endpoint may hold secrets in its query.
	SaveCapabilities(ctx context.Context, endpoint string, caps protocol.Capabilities, asked time.Time) error
}

// abilities is what is known of the server of the endpoint. The zero value is
// nothing.
type abilities struct {
	mu       sync.Mutex
	caps     protocol.Capabilities
	asked    time.Time // zero: not known
	recalled bool      // the store was asked
}

func (a *abilities) set(caps protocol.Capabilities, asked time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.caps, a.asked = caps, asked
}

// get gives what is known, and whether the store has not been asked yet.
func (a *abilities) get() (caps protocol.Capabilities, known, ask bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	known, ask = isRecent(a.asked), !a.recalled
	a.recalled = true
	return a.caps, known, ask
}

// isRecent is false for a time to come, which is that of a clock that jumped.
func isRecent(asked time.Time) bool {
	age := time.Since(asked)
	return age >= 0 && age <= capabilitiesAge
}

// Learn asks the server once what it can do (tus 1.0.0, OPTIONS), unless that is
// known already, so that uploads that follow can make use of it: one of at most
// Config.InlineSize then takes a single request. UploadAll does so by itself;
// for a single upload the question costs more than it saves. One exchange, no
// retry. Uploads work without it, so an error can be ignored; it is that of
// Options.
func (c *Client) Learn(ctx context.Context) error {
	if _, ok := c.recall(ctx); ok {
		return nil
	}
	reply, err := c.Options(once(ctx), nil)
	if err != nil {
		return err
	}
	c.remember(ctx, reply.Capabilities)
	return nil
}

// recall gives what is known without asking the server.
func (c *Client) recall(ctx context.Context) (protocol.Capabilities, bool) {
	caps, known, ask := c.able.get()
	store, ok := c.store.(CapabilityStore)
	if known || !ask || !ok || c.endpoint == nil {
		return caps, known
	}
	caps, asked, err := store.LoadCapabilities(ctx, c.address)
	if err != nil || !isRecent(asked) {
		if err != nil && !errors.Is(err, ErrNoRecord) {
			c.log.LogAttrs(ctx, slog.LevelDebug, "capabilities not loaded", slog.Any("err", err))
		}
		return protocol.Capabilities{}, false
	}
	c.able.set(caps, asked)
	return caps, true
}

func (c *Client) remember(ctx context.Context, caps protocol.Capabilities) {
	now := time.Now()
	c.able.set(caps, now)
	store, ok := c.store.(CapabilityStore)
	if !ok || c.endpoint == nil {
		return
	}
	if err := store.SaveCapabilities(ctx, c.address, caps, now); err != nil {
		c.log.LogAttrs(ctx, slog.LevelDebug, "capabilities not saved", slog.Any("err", err))
	}
}

// capabilities asks the server, with retries, unless what it can do is known. The
// error isLacking where the server does not say; that is not kept, since a proxy
// may have answered in its place.
func (t *transfer) capabilities(ctx context.Context, endpoint string) (protocol.Capabilities, error) {
	if ctx.Err() != nil {
		return protocol.Capabilities{}, ended(ctx)
	}
	// What is kept is what the server of the endpoint said.
	ours := t.c.serves(endpoint)
	if ours {
		if caps, ok := t.c.recall(ctx); ok {
			return caps, nil
		}
	}
	var lacking error // an answer too, which no try has to follow
	reply, err := t.until(ctx, endpoint, func(ctx context.Context) (*Reply, error) {
		reply, err := t.c.optionsAt(ctx, endpoint, t.call)
		if isLacking(err) {
			reply, lacking, err = &Reply{}, err, nil
		}
		return reply, err
	})
	if err == nil {
		err = lacking
	}
	if err != nil {
		return protocol.Capabilities{}, err
	}
	if ours {
		t.c.remember(ctx, reply.Capabilities)
	}
	return reply.Capabilities, nil
}

// serves tells whether the server of the endpoint is that of a URL.
func (c *Client) serves(rawURL string) bool {
	u, err := url.Parse(transport.EscapeURL(rawURL))
	return err == nil && c.endpoint != nil && sameOrigin(c.endpoint, u)
}

// isLacking tells from a failure to learn what the server can do that it does
// not know the question.
func isLacking(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.StatusCode != 0 && (e.Class() == ClassFinal || e.Class() == ClassGone)
}
