package transport

import (
	"fmt"
	"net/http"
)

// ProxyError means that an HTTP proxy refused a tunnel (CONNECT), which https
// needs, so that the request was not sent. A [Doer] that detects a refused
// tunnel returns an error that wraps a *ProxyError. Over plain http, a refusal
// of the proxy is the answer to the request.
type ProxyError struct {
	// Proxy is the host and port of the proxy, without user information.
	Proxy string
	// StatusCode is the status of the proxy's answer.
	StatusCode int
}

// Error returns a text with the proxy and the status. It omits the text of the
// proxy's answer.
func (e *ProxyError) Error() string {
	s := fmt.Sprintf("proxy %s answers CONNECT with %d", e.Proxy, e.StatusCode)
	if text := http.StatusText(e.StatusCode); text != "" {
		s += " " + text
	}
	return s
}

// Final reports whether a retry would get the same status: 4xx, except for 408
// and 429.
func (e *ProxyError) Final() bool {
	return e.StatusCode/100 == 4 && e.StatusCode != http.StatusRequestTimeout && e.StatusCode != http.StatusTooManyRequests
}
