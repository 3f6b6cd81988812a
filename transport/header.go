package transport

import (
	"crypto/rand"
	"net/http"
)

// Header adds the fields of h to every request, with all values of a field,
// unless the request has the field or [IsWithoutCredentials] reports its
// context. Header copies h. nil: no fields.
//
// Header cannot set Host, which net/http takes from Request.Host.
func Header(h http.Header) Middleware {
	fields := make(http.Header, len(h))
	for key, values := range h {
		key = http.CanonicalHeaderKey(key)
		fields[key] = append(fields[key], values...)
	}
	return func(next Doer) Doer {
		return DoerFunc(func(req *http.Request) (*http.Response, error) {
			if len(fields) == 0 || IsWithoutCredentials(req.Context()) {
				return next.Do(req)
			}
			req = edit(req)
			for key, values := range fields {
				if _, ok := req.Header[key]; !ok {
					req.Header[key] = append([]string(nil), values...)
				}
			}
			return next.Do(req)
		})
	}
}

// UserAgent sets User-Agent on every request without it. If s is empty,
// net/http sends its own value.
func UserAgent(s string) Middleware {
	return func(next Doer) Doer {
		return DoerFunc(func(req *http.Request) (*http.Response, error) {
			if _, ok := req.Header["User-Agent"]; ok || s == "" {
				return next.Do(req)
			}
			req = edit(req)
			req.Header.Set("User-Agent", s)
			return next.Do(req)
		})
	}
}

// requestIDHeader is in canonical form, because it is used as a map key.
const requestIDHeader = "X-Request-Id"

// RequestID sets X-Request-ID to a random text on every request without it.
// Retries by a Doer below RequestID have the same id.
func RequestID() Middleware {
	return func(next Doer) Doer {
		return DoerFunc(func(req *http.Request) (*http.Response, error) {
			if _, ok := req.Header[requestIDHeader]; ok {
				return next.Do(req)
			}
			req = edit(req)
			req.Header.Set(requestIDHeader, rand.Text())
			return next.Do(req)
		})
	}
}
