package doctor

import (
	"context"
	"time"
)

const keepAliveAdvice = "none needed: tusker repeats such a request over a new connection; -H 'Connection: close' avoids it"

// idle looks for a server or load balancer that closes connections soon after their
// last answer. A request that is on its way at that moment gets no answer.
func (e *examination) idle(ctx context.Context) {
	if deaths, shortest := e.tap.deaths(); deaths > 0 {
		e.warn("keep-alive", keepAliveAdvice, "%d connections died when they were used again, %v after their last answer", deaths, rounded(shortest))
		return
	}
	// A server that closes each connection has nothing to close later.
	if !e.keepsAny(ctx) {
		return
	}
	pause := e.Pause
	switch e.keeps(ctx, pause) {
	case unknown:
		return
	case kept:
		e.ok("keep-alive", "", "connections stay open for %v at least", rounded(pause))
		return
	case lost:
	}
	// The range of the timeout is narrowed down.
	low := time.Duration(0)
	for range 2 {
		mid := (low + pause) / 2
		if e.keeps(ctx, mid) == kept {
			low = mid
		} else {
			pause = mid
		}
	}
	e.warn("keep-alive", keepAliveAdvice, "a connection that is not used is closed after %v to %v", rounded(low), rounded(pause))
}

// keepsAny tells whether a connection is used again at once. A slow machine may miss a
// short timeout.
func (e *examination) keepsAny(ctx context.Context) bool {
	for range 3 {
		if e.keeps(ctx, 0) == kept {
			return true
		}
	}
	return false
}

// connectionState is the state of a connection after a pause.
type connectionState int

const (
	unknown connectionState = iota
	kept
	lost // closed, or dead when it was used again
)

// keeps tells whether a connection stays open for pause without a request.
func (e *examination) keeps(ctx context.Context, pause time.Duration) connectionState {
	if e.head(ctx) != nil || !sleep(ctx, pause) {
		return unknown
	}
	before, _ := e.tap.deaths()
	err := e.head(ctx)
	after, _ := e.tap.deaths()
	switch {
	case ctx.Err() != nil:
		return unknown
	case after > before || err == nil && !e.tap.reused():
		return lost
	case err != nil:
		return unknown
	}
	return kept
}
