package exemplar

import (
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/tusker-go/tusker/transport"
)

// Doer returns a Doer that passes requests to h without a network.
func Doer(h http.Handler) transport.Doer {
	return transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
		r := req.Clone(req.Context())
		r.RequestURI = req.URL.RequestURI()
		if r.Body == nil {
			r.Body = http.NoBody
		}
		defer func() { _ = r.Body.Close() }()
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		resp := rec.Result()
		resp.Request = req
		if req.Method == http.MethodHead {
			resp.Body = io.NopCloser(http.NoBody)
		}
		return resp, nil
	})
}
