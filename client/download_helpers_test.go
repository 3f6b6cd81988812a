package client_test

import (
	"bytes"
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

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

const contentURL = "http://tus.example/files/1"

// shelf is a server with one upload that it gives out.
type shelf struct {
	data   string
	head   http.HandlerFunc                                             // nil: a complete upload
	script []func(w http.ResponseWriter, r *http.Request, next giveOut) // of one GET each; nil, or none left: the content
	etag   string
	date   time.Time // of the last change; zero: not said

	mu   sync.Mutex
	seen []string // each GET as "Range If-Range"
}

// giveOut answers with the content.
type giveOut func(w http.ResponseWriter, r *http.Request)

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		if s.head == nil {
			complete(len(s.data), len(s.data))(w, r)
			return
		}
		s.head(w, r)
		return
	}
	s.mu.Lock()
	s.seen = append(s.seen, strings.TrimSpace(r.Header.Get("Range")+" "+r.Header.Get("If-Range")))
	var step func(http.ResponseWriter, *http.Request, giveOut)
	if len(s.script) > 0 {
		step, s.script = s.script[0], s.script[1:]
	}
	s.mu.Unlock()
	if step == nil {
		s.give(w, r)
		return
	}
	step(w, r, s.give)
}

func (s *shelf) give(w http.ResponseWriter, r *http.Request) {
	if s.etag != "" {
		w.Header().Set("Etag", s.etag)
	}
	http.ServeContent(w, r, "", s.date, strings.NewReader(s.data))
}

// doer is a client whose every request goes to s, over a pipe.
func (s *shelf) doer(t *testing.T) transport.Doer {
	t.Helper()
	conns := make(chan net.Conn)
	done := make(chan struct{})
	server := &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0)}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(&pipes{conns: conns, done: done}) })
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

// network is a client whose every request goes to s, over TCP.
func (s *shelf) network(t *testing.T) transport.Doer {
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

type pipes struct {
	conns <-chan net.Conn
	done  <-chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// complete answers HEAD for an upload of which offset of length bytes are there.
func complete(offset, length int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		uploadState(offset, length).ServeHTTP(w, r)
	}
}

// replaced answers with another content from here on.
func (s *shelf) replaced(by string) step {
	return func(w http.ResponseWriter, r *http.Request, next giveOut) {
		s.mu.Lock()
		s.data = by
		s.mu.Unlock()
		next(w, r)
	}
}

// cut ends the connection after n bytes of the body.
func cut(n int) func(http.ResponseWriter, *http.Request, giveOut) {
	return func(w http.ResponseWriter, r *http.Request, next giveOut) {
		next(&cutWriter{ResponseWriter: w, left: n}, r)
	}
}

type cutWriter struct {
	http.ResponseWriter
	left int
	end  func() // nil: the connection ends
}

func (w *cutWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p[:min(len(p), w.left)])
	w.left -= n
	if n < len(p) && err == nil {
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		if w.end != nil {
			w.end()
		}
		panic(http.ErrAbortHandler)
	}
	return n, err
}

// answer is a whole answer in the place of the content.
func answer(code int, body string, header ...string) func(http.ResponseWriter, *http.Request, giveOut) {
	return func(w http.ResponseWriter, _ *http.Request, _ giveOut) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

// rangeless hides a Range from the server.
func rangeless(w http.ResponseWriter, r *http.Request, next giveOut) {
	r.Header.Del("Range")
	next(w, r)
}

// into writes to w from the start.
func into(w io.Writer) func(client.Content) (io.Writer, int64, error) {
	return func(client.Content) (io.Writer, int64, error) { return w, 0, nil }
}

// download fetches the content of s into memory.
func download(t *testing.T, s *shelf, cfg client.Config) (string, *client.DownloadResult, error) {
	t.Helper()
	if cfg.Doer == nil {
		cfg.Doer = s.doer(t)
	}
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	res, err := c.Download(t.Context(), contentURL, into(&b), nil)
	if res.Offset != int64(b.Len()) {
		t.Errorf("offset %d of %d bytes written", res.Offset, b.Len())
	}
	return b.String(), res, err
}

func newDownloader(t *testing.T, cfg client.Config) *client.Client {
	t.Helper()
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
