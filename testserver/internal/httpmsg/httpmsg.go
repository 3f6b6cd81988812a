// Package httpmsg has the handling of requests and answers that testserver and
// its layers share.
package httpmsg

import (
	"net/http"

	"github.com/tusker-go/tusker/protocol"
)

// Method returns the method of r as tusd determines it.
func Method(r *http.Request) string {
	if m := r.Header.Get(protocol.HeaderMethodOverride); m != "" && r.Method == http.MethodPost {
		return m
	}
	return r.Method
}

// HeaderEditor is a ResponseWriter that calls Edit once, before it sends the
// headers. Call Finish after the handler, which may have sent nothing.
type HeaderEditor struct {
	http.ResponseWriter
	Edit func(http.Header)

	edited bool
}

// Unwrap implements the method that [http.ResponseController] calls.
func (w *HeaderEditor) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements [http.ResponseWriter]. Informational answers are not
// edited.
func (w *HeaderEditor) WriteHeader(status int) {
	if status >= http.StatusOK {
		w.Finish()
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *HeaderEditor) Write(p []byte) (int, error) {
	w.Finish()
	return w.ResponseWriter.Write(p)
}

// Finish calls Edit if it was not called yet.
func (w *HeaderEditor) Finish() {
	if !w.edited {
		w.edited = true
		w.Edit(w.Header())
	}
}
