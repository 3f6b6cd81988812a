// Package content is a fake HTTP server with one upload that can be downloaded. A test
// scripts the answers to its GET requests.
package content

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// URL is the address of the upload. A [Server] answers for every address.
const URL = "http://tus.example/files/1"

// Server answers GET with Data, as http.ServeContent does, and HEAD like a tus server. Set
// the fields before the first request.
type Server struct {
	Data     string
	Head     http.HandlerFunc // answers HEAD; nil: the upload is complete
	Script   []Step           // one for each GET; a nil step, or no step left: Data
	ETag     string           // "": none
	Modified time.Time        // for Last-Modified; zero: none
	Seen     []string         // the headers Range and If-Range of each GET so far

	mu sync.Mutex
}

// Step answers one GET. next is the answer that the server gives without a script.
type Step = func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc)

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		if s.Head == nil {
			HeadOffset(len(s.Data), len(s.Data))(w, r)
			return
		}
		s.Head(w, r)
		return
	}
	s.mu.Lock()
	s.Seen = append(s.Seen, strings.TrimSpace(r.Header.Get("Range")+" "+r.Header.Get("If-Range")))
	var step Step
	if len(s.Script) > 0 {
		step, s.Script = s.Script[0], s.Script[1:]
	}
	s.mu.Unlock()
	if step == nil {
		s.serve(w, r)
		return
	}
	step(w, r, s.serve)
}

// serve answers with Data.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if s.ETag != "" {
		w.Header().Set("Etag", s.ETag)
	}
	http.ServeContent(w, r, "", s.Modified, strings.NewReader(s.Data))
}

// ReplaceData answers with other data, in this answer and in later ones.
func (s *Server) ReplaceData(by string) Step {
	return func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		s.mu.Lock()
		s.Data = by
		s.mu.Unlock()
		next(w, r)
	}
}

// Doer returns a Doer that sends all requests to s over pipes, so that it can be used in a
// synctest bubble. The server ends with the test.
func (s *Server) Doer(t *testing.T) transport.Doer {
	t.Helper()
	conns := make(chan net.Conn)
	done := make(chan struct{})
	server := &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0)}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(&pipeListener{conns: conns, done: done}) })
	c := nethttp.New(nethttp.Config{NoProxy: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		select {
		case conns <- theirs:
			return ours, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}})
	t.Cleanup(func() {
		c.CloseIdleConnections()
		close(done)
		_ = server.Close()
		serving.Wait()
	})
	return c
}

// TCPDoer returns a Doer that sends all requests to s over TCP. The server ends with the
// test.
func (s *Server) TCPDoer(t *testing.T) transport.Doer {
	t.Helper()
	server := httptest.NewUnstartedServer(s)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	c := nethttp.New(nethttp.Config{NoProxy: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", server.Listener.Addr().String())
	}})
	t.Cleanup(func() {
		c.CloseIdleConnections()
		server.Close()
	})
	return c
}

// pipeListener accepts the server's ends of pipes until done is closed.
type pipeListener struct {
	conns <-chan net.Conn
	done  <-chan struct{}
}

func (p *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipeListener) Close() error { return nil }

func (p *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }
