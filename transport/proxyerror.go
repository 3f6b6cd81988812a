package transport

import (
	"fmt"
	"net/http"
)

// ProxyError means that an HTTP proxy was asked for a tunnel (CONNECT), as it is
// for https, and made none: the request was not sent. A [Doer] that knows so fails
// with an error that holds one; over plain http the proxy's answer is that to the
// request itself.
type ProxyError struct {
	// Proxy is the proxy's host and port, without user information.
	Proxy string
	// StatusCode is that of the proxy's answer.
	StatusCode int
}

// Error names the proxy and the status. The proxy's own words are left out.
func (e *ProxyError) Error() string {
	s := fmt.Sprintf("proxy %s answers CONNECT with %d", e.Proxy, e.StatusCode)
	if text := http.StatusText(e.StatusCode); text != "" {
		s += " " + text
	}
	return s
}

// Final tells whether asking again cannot help: 4xx but 408 and 429.
func (e *ProxyError) Final() bool {
	return e.StatusCode/100 == 4 && e.StatusCode != http.StatusRequestTimeout && e.StatusCode != http.StatusTooManyRequests
}
