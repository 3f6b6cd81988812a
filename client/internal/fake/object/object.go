// Package object is a fake HTTP server with one object, over a real socket. A test replaces the
// object, scripts the answers to GET requests, and takes abilities of the server away.
package object

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server serves one object with ranges and a strong ETag. Set the fields before the first
// request. Its methods are safe for concurrent use.
type Server struct {
	// URL is the address of the object. The server answers for every path.
	URL string

	// Modified is for Last-Modified. Zero: there is none.
	Modified time.Time

	// Type is the Content-Type. "": that of a film.
	Type string

	// NoETag, NoRanges and NoConditions mean that the server lacks entity tags, ignores Range,
	// and ignores conditions.
	NoETag, NoRanges, NoConditions bool

	mu       sync.Mutex
	content  string
	version  int
	requests []*http.Request // GET requests in their order
	script   []http.HandlerFunc
}

// New starts a server, which the end of the test closes.
func New(tb testing.TB, content string) *Server {
	tb.Helper()
	o := &Server{content: content, version: 1}
	server := httptest.NewServer(o)
	tb.Cleanup(server.Close)
	o.URL = server.URL + "/bucket/film.mov"
	return o
}

// On scripts the answers to the next GET requests. nil: the object.
func (o *Server) On(answers ...http.HandlerFunc) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.script = append(o.script, answers...)
}

// Replace puts another version in the place of the object.
func (o *Server) Replace(content string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.content = content
	o.version++
	if !o.Modified.IsZero() {
		o.Modified = o.Modified.Add(time.Second)
	}
}

// Requests returns the GET requests, from the nth on.
func (o *Server) Requests(n int) []*http.Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]*http.Request(nil), o.requests[n:]...)
}

// Ranges returns the Range of each GET without its unit, from the nth on.
func (o *Server) Ranges(n int) []string {
	var ranges []string
	for _, r := range o.Requests(n) {
		ranges = append(ranges, strings.TrimPrefix(r.Header.Get("Range"), "bytes="))
	}
	return ranges
}

// ServeHTTP implements http.Handler.
func (o *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	var answer http.HandlerFunc
	if r.Method == http.MethodGet {
		o.requests = append(o.requests, r.Clone(r.Context()))
		if len(o.script) > 0 {
			answer, o.script = o.script[0], o.script[1:]
		}
	}
	o.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	o.Serve(w, r)
}

// Serve answers with the object.
func (o *Server) Serve(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	content, version, modified := o.content, o.version, o.Modified
	o.mu.Unlock()
	if !o.NoETag {
		w.Header().Set("ETag", strconv.Quote(strconv.Itoa(version)))
	}
	if o.Type != "" {
		w.Header().Set("Content-Type", o.Type)
	}
	if o.NoRanges {
		r.Header.Del("Range")
	}
	if o.NoConditions {
		r.Header.Del("If-Match")
		r.Header.Del("If-Unmodified-Since")
	}
	http.ServeContent(w, r, "film.mov", modified, strings.NewReader(content))
}

// CutAfter answers with the beginning of a range, and closes the connection.
func (o *Server) CutAfter(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		o.Serve(&cutWriter{w, n, func() { panic(http.ErrAbortHandler) }}, r)
	}
}

// HangAfter answers with the beginning of a range, and with nothing more until the client has
// gone.
func (o *Server) HangAfter(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		o.Serve(&cutWriter{w, n, func() {
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		}}, r)
	}
}

// Status answers with a status and a header of names and values.
func Status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// With answers with the object after it changed the request.
func (o *Server) With(change func(r *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		change(r)
		o.Serve(w, r)
	}
}

// cutWriter calls end after the first bytes of an answer.
type cutWriter struct {
	http.ResponseWriter
	left int
	end  func()
}

func (w *cutWriter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		_, _ = w.ResponseWriter.Write(p[:w.left])
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		w.end()
	}
	w.left -= len(p)
	return w.ResponseWriter.Write(p)
}
