// Package transport is the boundary between an upload client and HTTP.
//
// All requests go through a [Doer], an interface with one method that
// [*http.Client] implements. A [Middleware] wraps a Doer, and [Chain] applies
// several of them:
//
//	d := transport.Chain(nethttp.New(nethttp.Config{}), transport.Bearer(tokens))
//
// The package nethttp creates an *http.Client with settings for uploads. The
// package retryablehttp creates a Doer that retries requests without a body.
// The package transporttest is a test suite for your own Doer.
//
// A caller marks a request by its context: see [SingleAttempt],
// [WithoutCredentials] and [OwnConnection], each with a function that reports
// the mark. [TraceAuth] tells the caller whether to retry a request whose
// credentials were refused.
//
// The middleware of this package does not change the caller's request. It works
// on a shallow copy, and does not read or wrap the body, so that the operating
// system can still send a [FileSender] or a body of [FileBody]. The middleware
// is safe for concurrent use.
package transport
