package logs

import (
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/transport"
)

// shown are the headers whose values are logged, besides those that begin with Tus-. Others may
// be secrets, so only their names are logged.
var shown = []string{
	"Allow", "Cache-Control", "Connection", "Content-Length", "Content-Type", "Date", "Expect", "Retry-After", "Server",
	"Upload-Defer-Length", "Upload-Expires", "Upload-Length", "Upload-Offset", "Via",
}

// Headers returns a middleware that logs the headers of each request and of its answer, at
// debug level. Values that may be secrets are left out.
func Headers(log *slog.Logger) transport.Middleware {
	return func(next transport.Doer) transport.Doer {
		return transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
			log.Debug("request", "method", req.Method, "headers", headersText(req.Header))
			resp, err := next.Do(req)
			if err == nil {
				log.Debug("answer", "status", resp.StatusCode, "proto", resp.Proto, "headers", headersText(resp.Header))
			}
			return resp, err
		})
	}
}

// headersText returns a header as text on one line, sorted by name.
func headersText(h http.Header) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(name)
		if strings.HasPrefix(name, "Tus-") || slices.Contains(shown, name) {
			b.WriteString(": " + strings.Join(h[name], ", "))
		}
	}
	return b.String()
}
