// Package fake is a tus 1.0.0 server in memory, for the tests of this module.
//
// It speaks the core protocol and the extensions creation,
// creation-defer-length, concatenation and termination, and, where they are
// asked for, creation-with-upload, checksum, checksum-trailer and
// concatenation-unfinished. It is strict: whatever a client must not send is
// answered with 400 and fails the test. Answers can be scripted, request by
// request, with [Server.On].
//
// Client and server are joined by [net.Pipe], so both can live in one
// testing/synctest bubble.
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

// Config says how a Server behaves. The zero value is ready.
type Config struct {
	// Extensions are announced; none but these work. Nil: creation,
	// creation-defer-length, concatenation and termination.
	Extensions []protocol.Extension

	// Checksum lists the algorithms that are announced, of those that a Go
	// program has. Nil: none.
	Checksum []string

	// Content answers a GET with the bytes of an upload.
	Content bool

	// NoOffset leaves Upload-Offset out of the answer to a creation that
	// carried bytes.
	NoOffset bool

	// Location gives the Location of a new upload at path. Nil: the path.
	Location func(path string) string

	// MaxConns bounds the connections of Doer. 0: no limit.
	MaxConns int

	// Hook, where not nil, handles each request that no action of On is for.
	// It may leave the work to next.
	Hook Action
}

// extensions are those that a Server has unless told otherwise.
var extensions = []protocol.Extension{
	protocol.ExtensionCreation,
	protocol.ExtensionCreationDeferLength,
	protocol.ExtensionConcatenation,
	protocol.ExtensionTermination,
}

// Server is a tus server and the network that leads to it. It answers for every
// host name. It is safe for concurrent use.
type Server struct {
	// URL is the creation URL.
	URL string

	config Config
	client *http.Client
	closed chan struct{} // by Close, to let go of hanging requests

	mu         sync.Mutex
	uploads    map[string]*upload // by path
	created    int
	script     map[string][]Action // by method
	seen       []*Request
	violations []string
}

// New starts a server that ends with the test. Whatever a client did against
// the protocol fails the test then, unless Violations was called.
func New(tb testing.TB, config Config) *Server {
	tb.Helper()
	s := Handler(config)
	l := newListener()
	s.client = nethttp.New(nethttp.Config{NoProxy: true, DialContext: l.dial, MaxConnsPerHost: config.MaxConns})
	// After an early answer a connection lingers for a while; a bubble must not
	// end before it does.
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
			tb.Errorf("against the protocol: %s", v)
		}
	})
	return s
}

// Handler is a Server without a network, for whoever brings one. It has no Doer.
func Handler(config Config) *Server {
	if config.Extensions == nil {
		config.Extensions = extensions
	}
	return &Server{
		URL:     "http://tus.example/files/",
		config:  config,
		closed:  make(chan struct{}),
		uploads: make(map[string]*upload),
		script:  make(map[string][]Action),
	}
}

// Doer is a client whose every request goes to the server.
func (s *Server) Doer() *http.Client { return s.client }

// Request is one that the server has seen.
type Request struct {
	Method string // the one meant, where it was overridden
	URL    string
	Header http.Header
	Size   int64 // bytes of the body that were read

	trailer bool // a checksum is announced to follow the body
}

// String is the request in short: method, path and query, for PATCH offset,
// size, the length that it declares, and how its checksum comes, and for a
// creation with bytes their number.
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

// Requests are those seen so far, in the order of their arrival.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Request, len(s.seen))
	for i, r := range s.seen {
		list[i] = *r
	}
	return list
}

// Seen is Requests in short.
func (s *Server) Seen() []string {
	var list []string
	for _, r := range s.Requests() {
		list = append(list, r.String())
	}
	return list
}

// Violations takes away and returns what clients did against the protocol.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.violations
	s.violations = nil
	return v
}

// ServeHTTP handles one request: it is checked, and then left to the action
// scripted for it, to the hook, or to the server itself.
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
	flaws := s.flaws(r)
	action := s.arrived(seen, flaws)
	if len(flaws) > 0 {
		http.Error(w, "ERR_VIOLATION: "+strings.Join(flaws, "; "), http.StatusBadRequest)
		return
	}
	next := http.HandlerFunc(s.handle)
	if action == nil {
		next.ServeHTTP(w, r)
		return
	}
	action(w, r, next)
}

// arrived takes down a request and returns what is scripted for it.
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
