package conformance

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// held makes the body of a request wait after some bytes. [newHeld] makes one for one
// request.
type held struct {
	after int                // number of bytes before the wait
	until func(interim) bool // whether an interim response ends the wait; nil: none does

	once     sync.Once
	free     chan struct{} // closed by release
	released atomic.Bool
	over     atomic.Bool // the wait has taken too long
}

func newHeld(after int, until func(interim) bool) *held {
	return &held{after: after, until: until, free: make(chan struct{})}
}

// release ends the wait.
func (h *held) release() { h.once.Do(func() { h.released.Store(true); close(h.free) }) }

// isReleased reports whether the wait ended because of an interim response or release.
func (h *held) isReleased() bool { return h.released.Load() }

// see looks at an interim response, which ends the wait or not. A response after the wait
// does not count.
func (h *held) see(i interim) {
	if h.until != nil && !h.over.Load() && h.until(i) {
		h.release()
	}
}

// body returns the body of the request. A wait for an interim response ends after settleTime.
func (h *held) body(ctx context.Context, content []byte) io.ReadCloser {
	gate := &gate{held: h, ctx: ctx, closed: make(chan struct{})}
	if h.until != nil {
		gate.limit = settleTime
	}
	return &heldBody{
		Reader: io.MultiReader(bytes.NewReader(content[:h.after]), gate, bytes.NewReader(content[h.after:])),
		gate:   gate,
	}
}

// heldBody ends its wait if it is closed, as transports do when a request has failed.
type heldBody struct {
	io.Reader
	gate    *gate
	closing sync.Once
}

// Close implements [io.Closer].
func (b *heldBody) Close() error {
	b.closing.Do(func() { close(b.gate.closed) })
	return nil
}

// gate is a reader without bytes that waits.
type gate struct {
	held   *held
	ctx    context.Context //nolint:containedctx // A reader has no other way to get it.
	closed chan struct{}
	limit  time.Duration // 0: none
}

// Read implements [io.Reader].
func (g *gate) Read([]byte) (int, error) {
	var over <-chan time.Time
	if g.limit > 0 {
		timer := time.NewTimer(g.limit)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-g.held.free:
	case <-over:
		g.held.over.Store(true)
	case <-g.closed:
		return 0, errors.New("the request has ended")
	case <-g.ctx.Done():
		return 0, context.Cause(g.ctx)
	}
	return 0, io.EOF
}
