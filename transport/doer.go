package transport

import (
	"errors"
	"net/http"
	"slices"
)

// Doer sends one request and returns its answer. [*http.Client] is one.
//
// The contract is that of [http.Client.Do]: any answer, whatever its status,
// comes with a nil error and a Body that the caller closes; an error comes with
// no answer that needs closing; the request's body is closed in either case,
// perhaps after Do has returned. A Doer is safe for concurrent use.
//
// A Doer that tries a request again must not do so for one whose context
// [IsSingleAttempt] reports, nor for POST, PATCH or DELETE: whether bytes have
// arrived is known to the server alone. One that adds credentials adds none where
// [IsWithoutCredentials] reports, and calls [MarkRenewable] where they may be
// others by the next request. A client certificate is a credential, too.
type Doer interface {
	Do(req *http.Request) (*http.Response, error)
}

// DoerFunc is a function that is a [Doer].
type DoerFunc func(*http.Request) (*http.Response, error)

// Do calls f.
func (f DoerFunc) Do(req *http.Request) (*http.Response, error) { return f(req) }

// Middleware wraps a [Doer] in another.
type Middleware func(Doer) Doer

// Chain wraps d in each mw. The first is the outermost: it sees the request
// first and the answer last. A nil mw is left out. Where d is nil, every
// request fails: it does not fall back on a client that nobody configured.
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
// copy Trailer too, and so lose what a body puts there at its end.
func edit(req *http.Request) *http.Request {
	c := req.WithContext(req.Context())
	c.Header = req.Header.Clone()
	if c.Header == nil {
		c.Header = make(http.Header)
	}
	return c
}
