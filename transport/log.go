package transport

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// Log writes one record of level Debug to l for each request, when its answer
// or error is there: method, url (see [RedactURL]), took, and status or
// err. Headers and bodies are not logged. A nil l logs nothing.
func Log(l *slog.Logger) Middleware {
	return func(next Doer) Doer {
		if l == nil {
			return next
		}
		return DoerFunc(func(req *http.Request) (*http.Response, error) {
			ctx := req.Context()
			if !l.Enabled(ctx, slog.LevelDebug) {
				return next.Do(req)
			}
			method, where := req.Method, RedactURL(req.URL)
			start := time.Now()
			resp, err := next.Do(req)
			attrs := []slog.Attr{
				slog.String("method", method),
				slog.String("url", where),
				slog.Duration("took", time.Since(start)),
			}
			if resp != nil {
				attrs = append(attrs, slog.Int("status", resp.StatusCode))
			}
			if err != nil {
				attrs = append(attrs, slog.Any("err", RedactError(err)))
			}
			l.LogAttrs(ctx, slog.LevelDebug, "http request", attrs...)
			return resp, err
		})
	}
}

// RedactURL returns scheme, host and path of u: what may be logged. Query,
// fragment and user info are left out, since they often hold a secret. nil
// gives the empty string.
func RedactURL(u *url.URL) string {
	if u == nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// RedactError returns what may be logged of err: the error inside the innermost
// [*url.Error] of its chain, which spells out the whole URL, or err itself where
// there is none. It is for logs only, as it drops what is wrapped around.
func RedactError(err error) error {
	for {
		e, ok := errors.AsType[*url.Error](err)
		if !ok || e.Err == nil {
			return err
		}
		err = e.Err
	}
}
