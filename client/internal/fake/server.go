// Package fake is a server for uploads in memory, for the tests of this module. It speaks
// tus 1.0.0 unless [Config].Frontend speaks another protocol.
//
// For tus, it supports the core protocol and the extensions creation, creation-defer-length,
// concatenation and termination. [Config.Extensions] can add creation-with-upload, checksum,
// checksum-trailer and concatenation-unfinished. The server is strict: a request that breaks
// the protocol is answered with 400 and fails the test. [Server.On] scripts the answers to
// single requests.
//
// Client and server are connected by [net.Pipe], so both can run in one testing/synctest
// bubble. Package content, below this one, is a server for downloads.
package fake

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// Config describes how a Server behaves. The zero value can be used.
type Config struct {
	// Extensions are the extensions that the server announces and supports. nil: creation,
	// creation-defer-length, concatenation and termination.
	Extensions []protocol.Extension

	// Checksum lists the algorithms that the server announces. The server supports those of
	// the standard library. nil: none.
	Checksum []string

	// Content answers a GET with the bytes of an upload.
	Content bool

	// NoOffset omits Upload-Offset from the answer to a creation with bytes.
	NoOffset bool

	// Location returns the Location of a new upload at path. nil: the path.
	Location func(path string) string

	// Frontend answers the requests in another protocol. It works on the uploads of
	// the store, and handles each request that no action of On and no Hook is for. nil:
	// the server speaks tus 1.0.0, and refuses requests that break its rules.
	Frontend func(*Store) http.Handler

	// MaxConns is the largest number of connections of Doer. 0: no limit.
	MaxConns int

	// Hook handles each request for which On has no action. It may call next. nil: the server
	// handles them.
	Hook Action
}

// extensions is the default of Config.Extensions.
var extensions = []protocol.Extension{
	protocol.ExtensionCreation,
	protocol.ExtensionCreationDeferLength,
	protocol.ExtensionConcatenation,
	protocol.ExtensionTermination,
}

// Server is a tus server and the network that connects clients with it. It answers for every
// host name. It is safe for concurrent use.
type Server struct {
	// URL is the creation URL.
	URL string

	config Config
	client *http.Client
	next   http.Handler  // answers what no action is for
	closed chan struct{} // closed at the end, so that hanging requests end

	Store

	// Guarded by Store.mu.
	script     map[string][]Action // by method
	seen       []*Request
	violations []string
}

// New starts a server that ends with the test. A request that broke the protocol fails the
// test at its end, unless Violations was called.
func New(tb testing.TB, config Config) *Server {
	tb.Helper()
	s := Handler(config)
	l := newListener()
	s.client = nethttp.New(nethttp.Config{NoProxy: true, DialContext: l.dial, MaxConnsPerHost: config.MaxConns})
	// A connection stays open for a while after an early answer. A bubble must not end before
	// the connection does.
	var serving sync.WaitGroup
	server := &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0), ConnState: func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			serving.Add(1)
		case http.StateClosed:
			serving.Done()
		}
	}}
	serving.Go(func() { _ = server.Serve(l) })
	tb.Cleanup(func() {
		close(s.closed)
		s.client.CloseIdleConnections()
		_ = server.Close()
		serving.Wait()
		for _, v := range s.Violations() {
			tb.Errorf("violation of the protocol: %s", v)
		}
	})
	return s
}

// Handler returns a Server without a network and without a Doer. The caller connects it.
func Handler(config Config) *Server {
	if config.Extensions == nil {
		config.Extensions = extensions
	}
	s := &Server{
		URL:    "http://tus.example/files/",
		config: config,
		closed: make(chan struct{}),
		Store:  Store{uploads: make(map[string]*upload)},
		script: make(map[string][]Action),
	}
	s.next = http.HandlerFunc(s.handle)
	if config.Frontend != nil {
		s.next = config.Frontend(&s.Store)
	}
	return s
}

// Doer returns an HTTP client that sends all requests to the server.
func (s *Server) Doer() *http.Client { return s.client }

// Request is a request that the server has seen.
type Request struct {
	Method string // that of X-HTTP-Method-Override if the request has it
	URL    string
	Header http.Header
	Size   int64 // bytes of the body that were read

	trailer bool // a checksum is announced to follow the body
}

// String returns a short form of the request: method, path and query. For a PATCH it adds
// the offset, the size, the length that the request declares, and how its checksum is sent.
// For a creation with bytes it adds their number.
func (r Request) String() string {
	u, err := url.Parse(r.URL)
	if err != nil {
		return r.Method + " " + r.URL
	}
	s := r.Method + " " + u.RequestURI()
	switch {
	case r.Method == http.MethodPatch:
		s += fmt.Sprintf(" %s+%d", r.Header.Get(protocol.HeaderUploadOffset), r.Size)
		if l := r.Header.Get(protocol.HeaderUploadLength); l != "" {
			s += " of " + l
		}
		if sum := r.Header.Get(protocol.HeaderUploadChecksum); sum != "" {
			s += " " + strings.Fields(sum)[0]
		}
		if r.trailer {
			s += " trailer"
		}
	case r.Method == http.MethodPost && r.Header.Get(protocol.HeaderContentType) != "":
		s += fmt.Sprintf(" +%d", r.Size)
	}
	return s
}

// Requests returns the requests that the server has seen so far, in the order of arrival.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Request, len(s.seen))
	for i, r := range s.seen {
		list[i] = *r
	}
	return list
}

// Seen returns the short forms of [Server.Requests].
func (s *Server) Seen() []string {
	var list []string
	for _, r := range s.Requests() {
		list = append(list, r.String())
	}
	return list
}

// Violations returns how requests have broken the protocol, and forgets it, so that the test
// does not fail.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.violations
	s.violations = nil
	return v
}

// Put creates an upload with data and returns its URL.
func (s *Server) Put(data string, length protocol.Length, metadata protocol.Metadata) string {
	return strings.TrimSuffix(s.URL, "/files/") + s.Create([]byte(data), length, metadata)
}

// ServeHTTP checks one request, and has it handled by its action, by the hook, or by the
// server itself.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if method := r.Header.Get(protocol.HeaderMethodOverride); method != "" && r.Method == http.MethodPost {
		r.Method = method
	}
	seen := &Request{Method: r.Method, URL: "http://" + r.Host + r.RequestURI, Header: r.Header.Clone()}
	_, seen.trailer = r.Trailer[protocol.HeaderUploadChecksum]
	r.Body = &countedBody{ReadCloser: r.Body, count: func(n int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		seen.Size += int64(n)
	}}
	var flaws []string
	if s.config.Frontend == nil {
		flaws = s.flaws(r)
	}
	action := s.arrived(seen, flaws)
	if len(flaws) > 0 {
		http.Error(w, "ERR_VIOLATION: "+strings.Join(flaws, "; "), http.StatusBadRequest)
		return
	}
	next := s.next
	if action == nil {
		next.ServeHTTP(w, r)
		return
	}
	action(w, r, next)
}

// arrived records a request and returns the action for it.
func (s *Server) arrived(seen *Request, flaws []string) Action {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, seen)
	for _, flaw := range flaws {
		s.violations = append(s.violations, fmt.Sprintf("%s %s: %s", seen.Method, seen.URL, flaw))
	}
	if queue := s.script[seen.Method]; len(queue) > 0 {
		s.script[seen.Method] = queue[1:]
		return queue[0]
	}
	return s.config.Hook
}

type countedBody struct {
	io.ReadCloser
	count func(int)
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.count(n)
	return n, err
}
