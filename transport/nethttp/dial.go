//go:build !(js && wasm)

package nethttp

import "net/http"

func setDialer(t *http.Transport, c Config) { t.DialContext = c.dial() }
