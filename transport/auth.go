package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// BasicAuth sends user and password with every request (RFC 7617), unless the
// request carries Authorization already or its context says
// [IsWithoutCredentials].
func BasicAuth(user, password string) Middleware {
	return authorize(func(req *http.Request) error {
		req.SetBasicAuth(user, password)
		return nil
	})
}

// TokenSource yields bearer tokens. It is safe for concurrent use and keeps a
// token for as long as that is good.
type TokenSource interface {
	Token(ctx context.Context) (string, error)
}

// TokenFunc is a function that is a [TokenSource].
type TokenFunc func(ctx context.Context) (string, error)

// Token calls f.
func (f TokenFunc) Token(ctx context.Context) (string, error) { return f(ctx) }

// StaticToken is a source of one token.
func StaticToken(token string) TokenSource {
	return TokenFunc(func(context.Context) (string, error) { return token, nil })
}

var errNoTokenSource = errors.New("no source")

// Bearer sends a token from src with every request (RFC 6750), unless the
// request carries Authorization already or its context says
// [IsWithoutCredentials]; src is not asked then. Otherwise it is asked for each
// request, with the request's context, so that a token may be renewed in the
// middle of an upload. Its error fails the request, wrapped; so does a nil src.
// An empty token sends none.
func Bearer(src TokenSource) Middleware {
	return authorize(func(req *http.Request) error {
		if src == nil {
			return fmt.Errorf("bearer token: %w", errNoTokenSource)
		}
		token, err := src.Token(req.Context())
		if err != nil {
			return fmt.Errorf("bearer token: %w", err)
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		return nil
	})
}

func authorize(set func(*http.Request) error) Middleware {
	return func(next Doer) Doer {
		return DoerFunc(func(req *http.Request) (*http.Response, error) {
			if _, ok := req.Header["Authorization"]; ok || IsWithoutCredentials(req.Context()) {
				return next.Do(req)
			}
			req = edit(req)
			if err := set(req); err != nil {
				closeBody(req)
				return nil, err
			}
			return next.Do(req)
		})
	}
}
