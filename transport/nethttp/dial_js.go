package nethttp

import "net/http"

// setDialer sets a dialer only if the caller asks for it: with a dialer,
// net/http does not use the browser's fetch, which is the only network access
// of a page.
func setDialer(t *http.Transport, c Config) {
	if c.DialContext != nil || c.UnixSocket != "" {
		t.DialContext = c.dial()
	}
}

// ownTLS does nothing, because the browser handles TLS.
func ownTLS(*http.Transport, Config) {}

// sharedTLS does nothing, because the browser handles TLS.
func sharedTLS(*http.Transport, Config) {}
