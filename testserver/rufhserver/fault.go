package rufhserver

import (
	"fmt"
	"io"
	"maps"
	"net/http"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver"
)

// action is a testserver.Action with a name for testserver.Request.Fault.
type action struct {
	testserver.ActionFunc
	name string
}

func (a action) String() string { return a.name }

func newAction(serve testserver.ActionFunc, format string, args ...any) testserver.Action {
	return action{ActionFunc: serve, name: fmt.Sprintf(format, args...)}
}

// NoInterim drops each 104, as a server or a proxy does that cannot send interim responses.
func NoInterim() testserver.Action {
	return interims(func(func()) {}, "NoInterim()")
}

// FloodInterim sends each 104 n times.
func FloodInterim(n int) testserver.Action {
	return interims(func(send func()) {
		for range n {
			send()
		}
	}, "FloodInterim(%d)", n)
}

// InterimHeader sets a field of each 104, such as Upload-Draft-Interop-Version to another
// version, or Location to another URL than that of the final response. value may be any text.
func InterimHeader(key, value string) testserver.Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&interimWriter{ResponseWriter: w, send: func(send func()) {
			w.Header().Set(key, value)
			send()
		}}, r)
	}, "InterimHeader(%q, %q)", key, value)
}

// LateInterim holds back each 104 until n bytes of the content were read, and sends it before
// the final response if the content is shorter. A request that breaks off before gets none.
func LateInterim(n int64) testserver.Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		late := &lateInterim{w: w, rest: n}
		if r.Body != nil {
			r = r.WithContext(r.Context())
			r.Body = &lateBody{ReadCloser: r.Body, late: late}
		}
		next.ServeHTTP(&interimWriter{ResponseWriter: w, send: func(func()) { late.hold() }, final: late.flush}, r)
	}, "LateInterim(%d)", n)
}

// AsNginx carries out the request and sends its 104, and then resets the HTTP/2 stream
// without a final response. nginx, which takes a 104 for the final response, has this effect
// on a client. The URL in the 104 is valid. A request over HTTP/1.1 is answered as usual,
// because nginx then forwards the final response as well.
func AsNginx() testserver.Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.ProtoMajor < 2 {
			next.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(&interimOnly{ResponseWriter: w}, r)
		panic(http.ErrAbortHandler)
	}, "AsNginx()")
}

// EarlyFinal completes the upload after n bytes of the content, with a response of the
// target that does not wait for the rest (-13, section 4.1.2). The n bytes are stored. The
// action does nothing to content of fewer bytes, and to requests that do not append.
func EarlyFinal(n int64, status int, body string) testserver.Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Body != nil {
			r = r.WithContext(r.Context())
			r.Body = &earlyBody{ReadCloser: r.Body, rest: n, early: &earlyError{status, body}}
		}
		next.ServeHTTP(w, r)
	}, "EarlyFinal(%d, %d)", n, status)
}

// OffsetOnly removes completeness and length from the response, as -13 allows for HEAD.
func OffsetOnly() testserver.Action {
	return removeFields("OffsetOnly()", rufh.HeaderUploadComplete, rufh.HeaderUploadIncomplete, rufh.HeaderUploadLength)
}

// NoOffset removes Upload-Offset from the final response, as a server does that does not
// state the offset in an error.
func NoOffset() testserver.Action { return removeFields("NoOffset()", rufh.HeaderUploadOffset) }

func removeFields(name string, keys ...string) testserver.Action {
	remove := testserver.RewriteHeader(func(h http.Header) {
		for _, key := range keys {
			h.Del(key)
		}
	})
	return newAction(remove.Serve, "%s", name)
}

// interims returns an action that calls each for every 104 with the function that sends it.
func interims(each func(send func()), format string, args ...any) testserver.Action {
	return newAction(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&interimWriter{ResponseWriter: w, send: each}, r)
	}, format, args...)
}

// interimWriter passes each 104 to send, and calls final before the final response.
type interimWriter struct {
	http.ResponseWriter
	send  func(send func())
	final func() // nil: no call
}

func (w *interimWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *interimWriter) WriteHeader(status int) {
	switch {
	case status == rufh.StatusResumptionSupported:
		w.send(func() { w.ResponseWriter.WriteHeader(status) })
		return
	case status >= http.StatusOK && w.final != nil:
		w.final()
	}
	w.ResponseWriter.WriteHeader(status)
}

// lateInterim keeps the headers of interim responses until rest bytes were read.
type lateInterim struct {
	w    http.ResponseWriter
	rest int64
	held []http.Header
}

func (l *lateInterim) hold() {
	l.held = append(l.held, l.w.Header().Clone())
	if l.rest <= 0 {
		l.flush()
	}
}

// flush sends what is held, and leaves the header of the final response as it is.
func (l *lateInterim) flush() {
	h := l.w.Header()
	before := h.Clone()
	for _, held := range l.held {
		clear(h)
		maps.Copy(h, held)
		l.w.WriteHeader(rufh.StatusResumptionSupported)
	}
	l.held = nil
	clear(h)
	maps.Copy(h, before)
}

type lateBody struct {
	io.ReadCloser
	late *lateInterim
}

func (b *lateBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.late.rest -= int64(n); b.late.rest <= 0 {
		b.late.flush()
	}
	return n, err
}

// interimOnly drops the final response.
type interimOnly struct{ http.ResponseWriter }

func (w *interimOnly) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *interimOnly) WriteHeader(status int) {
	if status < http.StatusOK {
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *interimOnly) Write(p []byte) (int, error) { return len(p), nil }

// earlyError ends the content in a read, so that the upload completes with this response.
type earlyError struct {
	status int
	body   string
}

func (e *earlyError) Error() string { return fmt.Sprintf("early final response %d", e.status) }

func (e *earlyError) answer() *final {
	f := &final{header: http.Header{protocol.HeaderContentType: {"text/plain; charset=utf-8"}}}
	f.WriteHeader(e.status)
	_, _ = io.WriteString(f, e.body)
	return f
}

// earlyBody returns the first rest bytes, and then early.
type earlyBody struct {
	io.ReadCloser
	rest  int64
	early *earlyError
}

func (b *earlyBody) Read(p []byte) (int, error) {
	if b.rest <= 0 {
		return 0, b.early
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.rest)])
	b.rest -= int64(n)
	return n, err
}
