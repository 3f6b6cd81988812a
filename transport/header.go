package transport

import (
	"crypto/rand"
	"net/http"
)

// Header adds the fields of h to every request, all values of a field together,
// unless the request carries that field already or its context says
// [IsWithoutCredentials]. h is copied at once; nil adds nothing.
//
// Host is no field in this sense: net/http takes it from Request.Host.
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

// UserAgent sets User-Agent on every request that does not carry one. An empty
// s leaves what net/http sends.
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

// requestIDHeader is in canonical form, as it is looked up in a map.
const requestIDHeader = "X-Request-Id"

// RequestID sets X-Request-ID to a random text of its own on every request that
// does not carry one. What a Doer below retries keeps its id.
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
