package clienttest

import (
	"net/http"
	"slices"
	"time"

	"github.com/tusker-go/tusker/client/internal/fake"
)

// HTMLPage is the page that a captive portal or a proxy sends instead of an answer of
// the server.
const HTMLPage = "<!doctype html><title>Welcome</title>"

// BodyLimitProxy answers like a proxy that does not know tus: a request with more than
// limit bytes gets a 413 with an HTML page. Other requests reach the server.
func BodyLimitProxy(limit int64) fake.Action {
	refuse := fake.Status(http.StatusRequestEntityTooLarge, "<html>413 Request Entity Too Large</html>")
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.ContentLength > limit {
			refuse(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}
}

// HangAndCancel never answers the request, and calls cancel after a second.
func HangAndCancel(s *fake.Server, cancel func()) fake.Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		time.AfterFunc(time.Second, cancel)
		s.Hang(1)(w, r, next)
	}
}

// Repeat returns n times the same action.
func Repeat(n int, a fake.Action) []fake.Action { return slices.Repeat([]fake.Action{a}, n) }

// EarlyStatus answers without reading the body, as some proxies do. header contains
// names and values in turn. It waits, so use it in a synctest bubble.
func EarlyStatus(status int, header ...string) fake.Action {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.Header().Set("Connection", "close") // without it, net/http reads a part of the body
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(status)
		// If a pipe is closed right after the answer, the client may not see the answer.
		_ = http.NewResponseController(w).Flush()
		time.Sleep(100 * time.Millisecond)
	}
}

// During answers requests with one of these methods by action until d has passed. Later
// requests reach the server.
func During(d time.Duration, action fake.Action, methods ...string) fake.Action {
	until := time.Now().Add(d)
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if time.Now().Before(until) && slices.Contains(methods, r.Method) {
			action(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}
}

// TooManyRequests answers 429. header contains names and values in turn, such as a
// Retry-After.
func TooManyRequests(header ...string) fake.Action {
	return fake.Status(http.StatusTooManyRequests, "", header...)
}
