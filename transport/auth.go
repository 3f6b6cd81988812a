package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
)

// BasicAuth sends user and password with every request (RFC 7617), unless the
// request carries Authorization already or its context says
// [IsWithoutCredentials].
func BasicAuth(user, password string) Middleware {
	return authorize(func(req *http.Request) (func(), error) {
		req.SetBasicAuth(user, password)
		return nil, nil
	})
}

// TokenSource yields bearer tokens. It is safe for concurrent use and keeps a
// token for as long as that is good.
type TokenSource interface {
	// Token returns the token for a request with the context ctx, "" for none.
	Token(ctx context.Context) (string, error)
}

// TokenFunc is a function that is a [TokenSource].
type TokenFunc func(ctx context.Context) (string, error)

// Token calls f.
func (f TokenFunc) Token(ctx context.Context) (string, error) { return f(ctx) }

// StaticToken is a source of one token, which is never another one.
func StaticToken(token string) TokenSource {
	return &staticToken{func() string { return token }}
}

// staticToken hides the token in a function, which neither package fmt nor an
// encoder looks into.
type staticToken struct{ token func() string }

// String is for those who print a configuration.
func (*staticToken) String() string { return "StaticToken" }

func (t *staticToken) Token(context.Context) (string, error) { return t.token(), nil }

// Invalidator is a [TokenSource] that keeps tokens and wants to know when one
// was refused. It is safe for concurrent use.
type Invalidator interface {
	// Invalidate says that a server answered 401 to a request with token. A
	// token that has been replaced since is none of its business.
	Invalidate(token string)
}

// ErrNoCredentials means that a request was not sent, since the credentials that
// it was to carry could not be had.
var ErrNoCredentials = errors.New("no credentials")

var errNoTokenSource = errors.New("no source")

// Bearer sends a token from src with every request (RFC 6750), unless the
// request carries Authorization already or its context says
// [IsWithoutCredentials]; src is not asked then. Otherwise it is asked for each
// request, with the request's context, so that a token may be renewed in the
// middle of an upload. Its error fails the request with one that Is
// [ErrNoCredentials] and that error; so does a nil src.
// An empty token sends none.
//
// A 401 is passed on; before that, a src that is an [Invalidator] is told. The
// request counts as renewable, see [MarkRenewable], unless src is a
// [StaticToken].
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

// authorize puts credentials on requests. What set returns is called when they
// were refused; nil: nothing is.
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
