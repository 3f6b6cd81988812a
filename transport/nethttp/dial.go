//go:build !js

package nethttp

import "net/http"

func setDialer(t *http.Transport, c Config) { t.DialContext = c.dial() }

// ownTLS makes a transport for HTTP/1.1 open connections by dialOwn.
func ownTLS(t *http.Transport, c Config) { t.DialTLSContext = c.dialOwn(t.TLSClientConfig) }

// sharedTLS makes a transport open connections by dialShared.
func sharedTLS(t *http.Transport, c Config) { t.DialTLSContext = c.dialShared(t) }
