package transport

import (
	"errors"
	"net/http"
	"slices"
)

// Doer sends a request and returns its answer. [*http.Client] is a Doer.
//
// The contract is that of [http.Client.Do]. An answer with any status has a nil
// error, and a Body that the caller closes. An error has no answer that the
// caller must close. Do closes the body of the request in both cases, possibly
// after it has returned. A Doer must be safe for concurrent use.
//
// A Doer that retries must not retry POST, PATCH and DELETE, because only the
// server knows which bytes have arrived, nor requests that [IsSingleAttempt]
// reports. A Doer that adds credentials must not add any to requests that
// [IsWithoutCredentials] reports, and calls [MarkRenewable] if the next request
// may have other credentials. A client certificate is a credential.
type Doer interface {
	Do(req *http.Request) (*http.Response, error)
}

// DoerFunc is a function as a [Doer].
type DoerFunc func(*http.Request) (*http.Response, error)

// Do calls f.
func (f DoerFunc) Do(req *http.Request) (*http.Response, error) { return f(req) }

// Middleware returns a [Doer] that wraps another one.
type Middleware func(Doer) Doer

// Chain wraps d in each mw. The first mw is the outermost: it sees a request
// first and an answer last. A nil mw is ignored. With a nil d, every request
// fails; Chain does not use a default client.
func Chain(d Doer, mw ...Middleware) Doer {
	if d == nil {
		d = DoerFunc(noDoer)
	}
	for _, wrap := range slices.Backward(mw) {
		if wrap != nil {
			d = wrap(d)
		}
	}
	return d
}

var errNoDoer = errors.New("transport: no Doer to send the request with")

func noDoer(req *http.Request) (*http.Response, error) {
	closeBody(req)
	return nil, errNoDoer
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// edit returns a copy of req whose headers may be changed. Request.Clone would
// also copy Trailer, and lose the fields that a body sets at its end.
func edit(req *http.Request) *http.Request {
	c := req.WithContext(req.Context())
	c.Header = req.Header.Clone()
	if c.Header == nil {
		c.Header = make(http.Header)
	}
	return c
}
