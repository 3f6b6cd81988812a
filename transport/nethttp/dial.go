//go:build !js

package nethttp

import "net/http"

func setDialer(t *http.Transport, c Config) { t.DialContext = c.dial() }

// ownTLS has the connections of a transport for HTTP/1.1 opened by dialOwn.
func ownTLS(t *http.Transport, c Config) { t.DialTLSContext = c.dialOwn(t.TLSClientConfig) }

// sharedTLS has the connections of a transport opened by dialShared.
func sharedTLS(t *http.Transport, c Config) { t.DialTLSContext = c.dialShared(t) }
