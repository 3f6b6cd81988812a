// Package transport is the seam between an upload client and HTTP.
//
// Everything goes through a [Doer], one method that [*http.Client] has already.
// A [Middleware] wraps a Doer and [Chain] puts several around one:
//
//	d := transport.Chain(nethttp.New(nethttp.Config{}), transport.Bearer(tokens))
//
// The package nethttp builds an *http.Client with settings that suit uploads,
// retryablehttp one that retries the requests without a body, and
// transporttest is the suite that a Doer of your own can be put through.
//
// A caller tells a Doer more about a request by its context: [SingleAttempt],
// [WithoutCredentials] and [OwnConnection], each with a function that asks. By
// [TraceAuth] it learns whether a request that was refused is worth another try.
//
// The middleware here leaves the caller's request as it is, works on a shallow
// copy, and neither reads nor wraps a body, so a [FileSender], or a body made by
// [FileBody], still reaches the kernel. All of it is safe for concurrent use.
package transport
