package transport_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// spy is a body with the methods of a FileBody that records their use.
type spy struct {
	io.ReadCloser
	read     atomic.Int64
	borrowed atomic.Bool
}

func (s *spy) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.read.Add(int64(n))
	return n, err
}

func (s *spy) SyscallConn() (syscall.RawConn, error) {
	s.borrowed.Store(true)
	return s.ReadCloser.(syscall.Conn).SyscallConn()
}

// net/http sends a FileBody by its descriptor and not by Read, even behind
// middleware.
func TestFileBodySendfile(t *testing.T) {
	t.Parallel()
	const n = 8 << 20
	var arrived int64
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrived, _ = io.Copy(io.Discard, r.Body)
	}))
	defer s.Close()

	own := nethttp.New(nethttp.Config{})
	defer own.CloseIdleConnections()
	for name, client := range map[string]*http.Client{"net/http": s.Client(), "nethttp": own} {
		body, err := transport.FileBody(open(t, make([]byte, n)), 0, n)
		if err != nil {
			t.Fatal(err)
		}
		watched := &spy{ReadCloser: body}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, s.URL, watched)
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = n
		resp, err := transport.Chain(client, all()...).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if arrived != n {
			t.Errorf("%s: %d bytes arrived, want %d", name, arrived, n)
		}
		if read := watched.read.Load(); read != 0 || !watched.borrowed.Load() {
			t.Errorf("%s: %d bytes went through Read, want none", name, read)
		}
	}
}

// A file that is shorter than announced is an error and does not block.
func TestFileBodyTruncatedFile(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	defer s.Close()
	body, err := transport.FileBody(open(t, make([]byte, 1000)), 0, 2000)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, s.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = 2000
	resp, err := s.Client().Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Do: %v, want io.ErrUnexpectedEOF", err)
	}
}

// A FileBody has SyscallConn and no WriteTo, which would make io.Copy bypass
// ReadFrom of the connection. The spy of TestFileBodySendfile cannot detect
// that.
func TestFileBodyMethods(t *testing.T) {
	t.Parallel()
	body, err := transport.FileBody(open(t, []byte("x")), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := body.(syscall.Conn); !ok {
		t.Error("the body has no SyscallConn method")
	}
	if _, ok := body.(io.WriterTo); ok {
		t.Error("the body has a WriteTo method")
	}
}
