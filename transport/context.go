package transport

import "context"

type (
	singleAttemptKey      struct{}
	withoutCredentialsKey struct{}
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

// WithoutCredentials marks the requests made with the returned context as going
// to an origin that the credentials were not meant for: [Header], [BasicAuth]
// and [Bearer] add nothing to them. Headers that the request carries itself are
// the caller's to leave out.
func WithoutCredentials(ctx context.Context) context.Context {
	return context.WithValue(ctx, withoutCredentialsKey{}, true)
}

// IsWithoutCredentials reports whether ctx was marked by [WithoutCredentials].
func IsWithoutCredentials(ctx context.Context) bool {
	return ctx.Value(withoutCredentialsKey{}) != nil
}
