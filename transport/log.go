package transport

import (
	"log/slog"
	"net/http"
	"time"
)

// Log writes a record of level Debug to l for each request after its answer or
// error, with method, url (see [RedactURL]), took, and status or err. Headers
// and bodies are not logged. nil: no log.
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
