package transport

import (
	"context"
	"net/http"
	"net/url"
	"sync/atomic"
)

// Hops follows a request through its redirects: which of them is under way, and whether one is
// followed at all. [FollowHops] creates Hops; the zero value belongs to no request. Hops are safe
// for concurrent use.
type Hops struct {
	isFinal func(*http.Response) bool
	last    atomic.Pointer[http.Request]
}

// FollowHops adds Hops to requests with the returned context. isFinal reports whether a redirect
// answers the request, so that the redirect is not followed; it must not change the response. nil:
// no redirect does.
//
// A [Doer] that follows redirects should call [MarkHop] and [IsFinalHop], as package nethttp does.
func FollowHops(ctx context.Context, isFinal func(*http.Response) bool) (context.Context, *Hops) {
	h := &Hops{isFinal: isFinal}
	return context.WithValue(ctx, hopsKey{}, h), h
}

// Last returns the URL of the request that was sent last, and its Host. The URL is nil if the
// [Doer] marks no requests. The caller must not change it.
func (h *Hops) Last() (u *url.URL, host string) {
	if req := h.last.Load(); req != nil {
		return req.URL, req.Host
	}
	return nil, ""
}

// MarkHop records in the Hops of its context that req is about to be sent. Without Hops in the
// context, it does nothing.
func MarkHop(req *http.Request) {
	if h, ok := req.Context().Value(hopsKey{}).(*Hops); ok {
		h.last.Store(req)
	}
}

// IsFinalHop reports whether resp, a redirect, answers its request with the context ctx, so that
// it is not followed.
func IsFinalHop(ctx context.Context, resp *http.Response) bool {
	h, ok := ctx.Value(hopsKey{}).(*Hops)
	return ok && h.isFinal != nil && h.isFinal(resp)
}
