package nethttp

import "net/http"

// A dialer of any kind makes net/http leave the browser's fetch alone, and
// without fetch there is no way out of a page: set one only when asked to.
func setDialer(t *http.Transport, c Config) {
	if c.DialContext != nil || c.UnixSocket != "" {
		t.DialContext = c.dial()
	}
}

// ownTLS leaves TLS to the browser.
func ownTLS(*http.Transport, Config) {}

// sharedTLS leaves TLS to the browser.
func sharedTLS(*http.Transport, Config) {}
