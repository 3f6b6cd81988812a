package transport

import (
	"context"
	"sync"
	"sync/atomic"
)

type (
	ownConnectionKey      struct{}
	freshConnectionKey    struct{}
	singleAttemptKey      struct{}
	withoutCredentialsKey struct{}
	authTraceKey          struct{}
	hopsKey               struct{}
)

// SingleAttempt marks requests with the returned context: a [Doer] that retries
// must send them once, because the caller retries them itself.
func SingleAttempt(ctx context.Context) context.Context {
	return context.WithValue(ctx, singleAttemptKey{}, true)
}

// IsSingleAttempt reports whether ctx was marked by [SingleAttempt].
func IsSingleAttempt(ctx context.Context) bool {
	return ctx.Value(singleAttemptKey{}) != nil
}

// OwnConnection marks requests with the returned context: a [Doer] should give
// each of them its own connection, because parallel requests over separate
// connections are faster than over one connection of HTTP/2.
func OwnConnection(ctx context.Context) context.Context {
	return context.WithValue(ctx, ownConnectionKey{}, true)
}

// IsOwnConnection reports whether ctx was marked by [OwnConnection].
func IsOwnConnection(ctx context.Context) bool {
	return ctx.Value(ownConnectionKey{}) != nil
}

// FreshConnection marks requests with the returned context: a [Doer] should open a new
// connection for each of them, which no other request uses before or after it. Use it if
// a server, or something in front of it, closes connections that are used again.
func FreshConnection(ctx context.Context) context.Context {
	return context.WithValue(ctx, freshConnectionKey{}, true)
}

// IsFreshConnection reports whether ctx was marked by [FreshConnection].
func IsFreshConnection(ctx context.Context) bool {
	return ctx.Value(freshConnectionKey{}) != nil
}

// WithoutCredentials marks requests with the returned context: they go to an
// origin that must not get the credentials. [Header], [BasicAuth] and [Bearer]
// add nothing to them, and package nethttp sends them over connections without
// a client certificate. The caller has to remove credentials from the headers
// of the request itself.
func WithoutCredentials(ctx context.Context) context.Context {
	return context.WithValue(ctx, withoutCredentialsKey{}, true)
}

// IsWithoutCredentials reports whether ctx was marked by [WithoutCredentials].
func IsWithoutCredentials(ctx context.Context) bool {
	return ctx.Value(withoutCredentialsKey{}) != nil
}

// AuthTrace records where the credentials of a request came from. [TraceAuth]
// creates an AuthTrace; the zero value belongs to no request. An AuthTrace is
// safe for concurrent use.
type AuthTrace struct {
	renewable atomic.Bool

	mu      sync.Mutex
	refused []func()
}

// Refuse calls Invalidate of each [Invalidator] of the request, once. Call it
// if you know from something else than a 401 that the credentials were refused.
// [Bearer] handles a 401 itself.
func (t *AuthTrace) Refuse() {
	t.mu.Lock()
	refused := t.refused
	t.refused = nil
	t.mu.Unlock()
	for _, tell := range refused {
		tell()
	}
}

// onRefusal registers tell with the trace of ctx. Without a trace in ctx, it
// does nothing.
func onRefusal(ctx context.Context, tell func()) {
	t, ok := ctx.Value(authTraceKey{}).(*AuthTrace)
	if !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused = append(t.refused, tell)
}

// Renewable reports whether the source of the credentials may return others for
// a retry of a refused request.
func (t *AuthTrace) Renewable() bool { return t.renewable.Load() }

// TraceAuth adds a trace to requests with the returned context.
func TraceAuth(ctx context.Context) (context.Context, *AuthTrace) {
	t := new(AuthTrace)
	return context.WithValue(ctx, authTraceKey{}, t), t
}

// MarkRenewable records in the trace of ctx that the credentials of its request
// may be renewed for the next request. Without a trace in ctx, it does nothing.
// [Bearer] calls MarkRenewable. Call it in your own middleware if its
// credentials expire.
func MarkRenewable(ctx context.Context) {
	if t, ok := ctx.Value(authTraceKey{}).(*AuthTrace); ok {
		t.renewable.Store(true)
	}
}
