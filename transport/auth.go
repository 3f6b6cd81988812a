package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
)

// BasicAuth sends user and password with every request (RFC 7617), unless the
// request has Authorization or [IsWithoutCredentials] reports its context.
func BasicAuth(user, password string) Middleware {
	return authorize(func(req *http.Request) (func(), error) {
		req.SetBasicAuth(user, password)
		return nil, nil
	})
}

// TokenSource provides bearer tokens. It must be safe for concurrent use, and
// should keep a token until the token expires.
type TokenSource interface {
	// Token returns the token for a request with the context ctx. "": no token.
	Token(ctx context.Context) (string, error)
}

// TokenFunc is a function as a [TokenSource].
type TokenFunc func(ctx context.Context) (string, error)

// Token calls f.
func (f TokenFunc) Token(ctx context.Context) (string, error) { return f(ctx) }

// StaticToken returns a source that always returns token.
func StaticToken(token string) TokenSource {
	return &staticToken{func() string { return token }}
}

// staticToken hides the token in a function, because package fmt and encoders
// cannot print the result of a function.
type staticToken struct{ token func() string }

// String prevents fmt from printing the fields.
func (*staticToken) String() string { return "StaticToken" }

func (t *staticToken) Token(context.Context) (string, error) { return t.token(), nil }

// Invalidator is a [TokenSource] that caches tokens and drops those that a
// server refused. It must be safe for concurrent use.
type Invalidator interface {
	// Invalidate reports that a server answered 401 to a request with token.
	// Invalidate must ignore a token that has been replaced since.
	Invalidate(token string)
}

// ErrNoCredentials means that a request was not sent, because its credentials
// were not available.
var ErrNoCredentials = errors.New("no credentials")

var errNoTokenSource = errors.New("no source")

// Bearer sends a token of src with every request (RFC 6750), unless the request
// has Authorization or [IsWithoutCredentials] reports its context; src is not
// called then. For any other request, src is called with the context of the
// request, so that a token can be renewed during an upload. If src fails, the
// request fails with an error that wraps [ErrNoCredentials] and the error of
// src. A nil src fails every request with [ErrNoCredentials]. If the token is
// empty, the request has no Authorization.
//
// Bearer passes a 401 on. If src is an [Invalidator], Bearer calls Invalidate
// first. The credentials of the request are renewable, see [MarkRenewable],
// unless src is a [StaticToken].
func Bearer(src TokenSource) Middleware {
	_, static := src.(*staticToken)
	invalidator, _ := src.(Invalidator)
	return authorize(func(req *http.Request) (func(), error) {
		if src == nil {
			return nil, fmt.Errorf("bearer token: %w", errNoTokenSource)
		}
		token, err := src.Token(req.Context())
		if err != nil {
			return nil, fmt.Errorf("bearer token: %w", err)
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		if !static {
			MarkRenewable(req.Context())
		}
		if invalidator == nil {
			return nil, nil
		}
		return func() { invalidator.Invalidate(token) }, nil
	})
}

// authorize adds credentials to requests. The function that set returns is
// called when a server refuses the credentials. nil: no call.
func authorize(set func(*http.Request) (refused func(), err error)) Middleware {
	return func(next Doer) Doer {
		return DoerFunc(func(req *http.Request) (*http.Response, error) {
			if _, ok := req.Header["Authorization"]; ok || IsWithoutCredentials(req.Context()) {
				return next.Do(req)
			}
			req = edit(req)
			refused, err := set(req)
			if err != nil {
				closeBody(req)
				return nil, fmt.Errorf("%w: %w", ErrNoCredentials, err)
			}
			if refused != nil {
				refused = sync.OnceFunc(refused)
				onRefusal(req.Context(), refused) //nolint:contextcheck // It is the request's own.
			}
			resp, err := next.Do(req)
			if err == nil && resp != nil && resp.StatusCode == http.StatusUnauthorized && refused != nil {
				refused()
			}
			return resp, err
		})
	}
}
