package transport

import (
	"context"
	"sync"
	"sync/atomic"
)

type (
	ownConnectionKey      struct{}
	singleAttemptKey      struct{}
	withoutCredentialsKey struct{}
	authTraceKey          struct{}
)

// SingleAttempt marks the requests made with the returned context: a [Doer]
// that retries passes them exactly once, because its caller retries itself.
func SingleAttempt(ctx context.Context) context.Context {
	return context.WithValue(ctx, singleAttemptKey{}, true)
}

// IsSingleAttempt reports whether ctx was marked by [SingleAttempt].
func IsSingleAttempt(ctx context.Context) bool {
	return ctx.Value(singleAttemptKey{}) != nil
}

// OwnConnection marks the requests made with the returned context as ones that
// are sent side by side to be faster together: a [Doer] that can gives each a
// connection of its own, which HTTP/2 would not.
func OwnConnection(ctx context.Context) context.Context {
	return context.WithValue(ctx, ownConnectionKey{}, true)
}

// IsOwnConnection reports whether ctx was marked by [OwnConnection].
func IsOwnConnection(ctx context.Context) bool {
	return ctx.Value(ownConnectionKey{}) != nil
}

// WithoutCredentials marks the requests made with the returned context as going
// to an origin that the credentials were not meant for: [Header], [BasicAuth]
// and [Bearer] add nothing to them, and package nethttp sends them over
// connections that were opened without a client certificate. Headers that the
// request carries itself are the caller's to leave out.
func WithoutCredentials(ctx context.Context) context.Context {
	return context.WithValue(ctx, withoutCredentialsKey{}, true)
}

// IsWithoutCredentials reports whether ctx was marked by [WithoutCredentials].
func IsWithoutCredentials(ctx context.Context) bool {
	return ctx.Value(withoutCredentialsKey{}) != nil
}

// AuthTrace tells where the credentials of a request came from. [TraceAuth] makes
// one; the zero value belongs to no request and knows of none. It is safe for
// concurrent use.
type AuthTrace struct {
	renewable atomic.Bool

	mu      sync.Mutex
	refused []func()
}

// Refuse tells each [Invalidator] that its token was refused, once: for a caller
// who knows that by something else than a 401, which [Bearer] sees itself.
func (t *AuthTrace) Refuse() {
	t.mu.Lock()
	refused := t.refused
	t.refused = nil
	t.mu.Unlock()
	for _, tell := range refused {
		tell()
	}
}

// onRefusal has the trace of ctx, if it has one, call tell.
func onRefusal(ctx context.Context, tell func()) {
	t, ok := ctx.Value(authTraceKey{}).(*AuthTrace)
	if !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused = append(t.refused, tell)
}

// Renewable reports whether the credentials came from a source that may have
// others by now, so that a request that was refused is worth another try.
func (t *AuthTrace) Renewable() bool { return t.renewable.Load() }

// TraceAuth attaches a trace to the requests made with the returned context.
func TraceAuth(ctx context.Context) (context.Context, *AuthTrace) {
	t := new(AuthTrace)
	return context.WithValue(ctx, authTraceKey{}, t), t
}

// MarkRenewable notes in the trace of ctx, if it has one, that the credentials
// of its request may have changed by the next one. [Bearer] calls it, and so
// should middleware that brings credentials of other kinds that expire.
func MarkRenewable(ctx context.Context) {
	if t, ok := ctx.Value(authTraceKey{}).(*AuthTrace); ok {
		t.renewable.Store(true)
	}
}
