package transport

import (
	"net/http"
	"slices"
)

// MethodOverride sends each request with one of methods as POST, with the
// method in X-HTTP-Method-Override (tus 1.0.0, X-HTTP-Method-Override), for
// networks that block other methods. Without methods, it applies to PATCH and
// DELETE. The server has to support the header.
func MethodOverride(methods ...string) Middleware {
	methods = slices.Clone(methods)
	if len(methods) == 0 {
		methods = []string{http.MethodPatch, http.MethodDelete}
	}
	return func(next Doer) Doer {
		return DoerFunc(func(req *http.Request) (*http.Response, error) {
			if !slices.Contains(methods, req.Method) {
				return next.Do(req)
			}
			req = edit(req)
			req.Header.Set("X-HTTP-Method-Override", req.Method)
			req.Method = http.MethodPost
			return next.Do(req)
		})
	}
}
