package exemplar

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"net/url"

	"github.com/tusker-go/tusker/transport"
)

// Doer returns a Doer that passes requests to h without a network. Interim responses arrive
// through net/http/httptrace. A handler that panics with http.ErrAbortHandler ends its request
// without an answer.
func Doer(h http.Handler) transport.Doer {
	return transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
		r := req.Clone(req.Context())
		r.RequestURI = req.URL.RequestURI()
		if r.Body == nil {
			r.Body = http.NoBody
		}
		rec := httptest.NewRecorder()
		if err := serve(h, &writer{ResponseWriter: rec, trace: httptrace.ContextClientTrace(req.Context())}, r); err != nil {
			return nil, &url.Error{Op: req.Method, URL: req.URL.String(), Err: err}
		}
		resp := rec.Result()
		resp.Request = req
		if req.Method == http.MethodHead {
			resp.Body = io.NopCloser(http.NoBody)
		}
		return resp, nil
	})
}

// serve calls h, and closes the body of r.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() { _ = r.Body.Close() }()
	defer func() {
		switch cause := recover(); cause {
		case nil:
		case http.ErrAbortHandler:
			err = io.ErrUnexpectedEOF
		default:
			panic(cause)
		}
	}()
	h.ServeHTTP(w, r)
	return nil
}

// writer passes interim responses to the trace of the client.
type writer struct {
	http.ResponseWriter
	trace *httptrace.ClientTrace // nil: the client does not want them
}

// WriteHeader implements [http.ResponseWriter].
func (w *writer) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	if w.trace == nil || w.trace.Got1xxResponse == nil {
		return
	}
	if err := w.trace.Got1xxResponse(status, textproto.MIMEHeader(w.Header().Clone())); err != nil {
		panic(http.ErrAbortHandler)
	}
}
