package testserver

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver/internal/httpmsg"
)

// Request describes a request that the server received, and its answer so far.
type Request struct {
	// Method is the method after X-HTTP-Method-Override.
	Method string
	// Path is the path of the URL, including the base path.
	Path string
	// Query is the query of the URL as it was sent, without "?".
	Query string
	// Host is the host that the client requested.
	Host string
	// Proto is the version of HTTP: "HTTP/1.1" or "HTTP/2.0".
	Proto string
	// RemoteAddr is the address of the client, which identifies the connection.
	RemoteAddr string
	// Header contains the headers of the request.
	Header http.Header
	// ContentLength is the announced length of the body in bytes. -1: unknown,
	// as in [http.Request].
	ContentLength int64
	// Offset is the Upload-Offset of the request. 0 if the header is missing or
	// invalid.
	Offset int64
	// BodyBytes is the number of bytes that were read from the body. If the
	// request was cut, it is the number of bytes that could have been stored.
	BodyBytes int64
	// Status is the status of the answer. 0: no answer was sent, or not yet.
	Status int
	// Start is the time when the headers of the request had arrived.
	Start time.Time
	// Fault is the name of the fault that was applied, such as
	// "CutAfter(1024)". "": none.
	Fault string
}

// Requests returns the latest requests, at most Config.KeepRequests, in the
// order in which their headers arrived. Requests in progress are included. The
// result is a copy.
func (s *Server) Requests() []Request { return s.log.requests() }

// Count returns the number of [Server.Requests] with this method. "" counts all
// of them.
func (s *Server) Count(method string) int {
	n := 0
	for _, r := range s.log.requests() {
		if method == "" || r.Method == method {
			n++
		}
	}
	return n
}

// ResetRequests removes all requests from the result of [Server.Requests].
func (s *Server) ResetRequests() { s.log.reset() }

// requestLog keeps the latest requests. A requestLog must not be copied after
// its first use.
type requestLog struct {
	keep int // negative: all requests

	mu   sync.Mutex
	seen []*exchange
}

func (l *requestLog) requests() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Request, len(l.seen))
	for i, e := range l.seen {
		out[i] = e.snapshot()
	}
	return out
}

func (l *requestLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = nil
}

func (l *requestLog) add(e *exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.seen) == l.keep {
		// append frees the array later; the exchange is freed now.
		l.seen[0] = nil
		l.seen = l.seen[1:]
	}
	l.seen = append(l.seen, e)
}

// exchange is a request in progress, or a completed one.
type exchange struct {
	mu       sync.Mutex
	request  Request
	hijacked bool
}

func newExchange(r *http.Request) *exchange {
	offset, err := protocol.ParseOffset(r.Header.Get(protocol.HeaderUploadOffset))
	if err != nil {
		offset = 0
	}
	return &exchange{request: Request{
		Method:        httpmsg.Method(r),
		Path:          r.URL.Path,
		Query:         r.URL.RawQuery,
		Host:          r.Host,
		Proto:         r.Proto,
		RemoteAddr:    r.RemoteAddr,
		Header:        r.Header.Clone(),
		ContentLength: r.ContentLength,
		Offset:        offset,
		Start:         time.Now(),
	}}
}

func (e *exchange) snapshot() Request {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.request
	r.Header = r.Header.Clone()
	return r
}

func (e *exchange) setFault(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.request.Fault = name
}

// setStatus stores the status of the answer. The first status counts, and
// informational statuses do not.
func (e *exchange) setStatus(status int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.request.Status == 0 && !e.hijacked && (status >= http.StatusOK || status == http.StatusSwitchingProtocols) {
		e.request.Status = status
	}
}

func (e *exchange) setHijacked() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hijacked = true
}

func (e *exchange) addBody(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.request.BodyBytes += int64(n)
}

// logRequests adds each request to the request log before it calls next.
func (s *Server) logRequests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.begin() {
			panic(http.ErrAbortHandler)
		}
		defer s.handlers.Done()
		e := newExchange(r)
		s.log.add(e)
		ctx := context.WithValue(r.Context(), serverKey{}, s)
		r = r.WithContext(context.WithValue(ctx, exchangeKey{}, e))
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &countedBody{ReadCloser: r.Body, exchange: e, http2: r.ProtoMajor == 2}
		}
		rw := &statusWriter{ResponseWriter: w, exchange: e, http2: r.ProtoMajor == 2}
		defer rw.end()
		next.ServeHTTP(rw, r)
		// net/http sends 200 for a handler that sends nothing.
		e.setStatus(http.StatusOK)
	})
}

type (
	serverKey   struct{}
	exchangeKey struct{}
	connKey     struct{}
)

// serverOf returns the server that received r. nil: a server of another package
// received r.
func serverOf(r *http.Request) *Server {
	s, _ := r.Context().Value(serverKey{}).(*Server)
	return s
}

func exchangeOf(r *http.Request) *exchange {
	e, _ := r.Context().Value(exchangeKey{}).(*exchange)
	return e
}
