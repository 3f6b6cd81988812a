package testserver

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

// Request is a request that the server saw, and what became of it so far.
type Request struct {
	// Method is the method after X-HTTP-Method-Override.
	Method string
	// Path is the path of the URL, with the base path.
	Path string
	// Query is the query of the URL as it was sent, without "?".
	Query string
	// Host is the host that the client asked for.
	Host string
	// Proto is the protocol's version: "HTTP/1.1" or "HTTP/2.0".
	Proto string
	// RemoteAddr tells connections apart.
	RemoteAddr string
	// Header holds the headers of the request.
	Header http.Header
	// ContentLength is the length of the body that the client announced; -1,
	// as in [http.Request], where it announced none.
	ContentLength int64
	// Offset is the Upload-Offset of the request; 0 also where there is none
	// or it is no number.
	Offset int64
	// BodyBytes is how much of the body was read: all that could have been
	// stored, also when the request was cut.
	BodyBytes int64
	// Status is the status of the answer. 0: none was sent, or not yet.
	Status int
	// Start is when the headers of the request had arrived.
	Start time.Time
	// Fault names the fault that fired, such as "CutAfter(1024)". "": none.
	Fault string
}

// Requests returns the requests seen, in the order in which their headers
// arrived, those under way included; of many, the latest Config.KeepRequests.
// The caller may change what is returned.
func (s *Server) Requests() []Request { return s.log.requests() }

// Count returns how many of [Server.Requests] have this method, "" for all.
func (s *Server) Count(method string) int {
	n := 0
	for _, r := range s.log.requests() {
		if method == "" || r.Method == method {
			n++
		}
	}
	return n
}

// ResetRequests forgets the requests seen so far.
func (s *Server) ResetRequests() { s.log.reset() }

// method returns what the request asks for, as tusd understands it.
func method(r *http.Request) string {
	if m := r.Header.Get(protocol.HeaderMethodOverride); m != "" && r.Method == http.MethodPost {
		return m
	}
	return r.Method
}

// requestLog holds the latest requests seen. It is not copied once in use.
type requestLog struct {
	keep int // less than 0: all

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
		// The array goes when append moves on; what it points to goes now.
		l.seen[0] = nil
		l.seen = l.seen[1:]
	}
	l.seen = append(l.seen, e)
}

// exchange is one request while it is served.
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
		Method:        method(r),
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

// setStatus notes the status of the answer; the first one counts, and the
// informational ones do not.
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

// record puts the log of requests around next.
func (s *Server) record(next http.Handler) http.Handler {
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
		rw := &recordedWriter{ResponseWriter: w, exchange: e, http2: r.ProtoMajor == 2}
		defer rw.end()
		next.ServeHTTP(rw, r)
		// What net/http sends for a handler that sends nothing.
		e.setStatus(http.StatusOK)
	})
}

type (
	serverKey   struct{}
	exchangeKey struct{}
	connKey     struct{}
)

// serverOf returns the server that r came in by, nil for another's.
func serverOf(r *http.Request) *Server {
	s, _ := r.Context().Value(serverKey{}).(*Server)
	return s
}

func exchangeOf(r *http.Request) *exchange {
	e, _ := r.Context().Value(exchangeKey{}).(*exchange)
	return e
}
