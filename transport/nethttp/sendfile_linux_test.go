package nethttp_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/tusker-go/tusker/transport/nethttp"
)

func noise(t *testing.T, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// keeper keeps the last body that it was sent.
func keeper(t *testing.T, start func(*httptest.Server)) (*httptest.Server, func() []byte) {
	t.Helper()
	bodies := make(chan []byte, 1)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got, _ := io.ReadAll(r.Body)
		bodies <- got
	}))
	start(s)
	t.Cleanup(s.Close)
	return s, func() []byte { return <-bodies }
}

func send(t *testing.T, c *http.Client, url string, body *fileReader, announced int64) error {
	t.Helper()
	t.Cleanup(c.CloseIdleConnections)
	_, err := patch(t, c, url, body, announced)
	return err
}

// The bytes of a file reach the server by the descriptor, and those that the system
// cannot send so are copied.
func TestSendFile(t *testing.T) {
	t.Parallel()
	const size = 9<<20 + 7
	pipe, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = pipe.Close(), w.Close() })
	plainServer := (*httptest.Server).Start
	for name, test := range map[string]struct {
		start func(*httptest.Server)
		fd    uintptr
		from  int  // the call that fd is used from
		read  bool // everything goes through Read
	}{
		"plain":                   {start: plainServer},
		"a file that is no file":  {start: plainServer, fd: pipe.Fd(), read: true},
		"TLS":                     {start: (*httptest.Server).StartTLS, read: true},
		"a descriptor that fails": {start: plainServer, fd: 1 << 20, read: true},
		"failing half way":        {start: plainServer, fd: 1 << 20, from: 3},
	} {
		t.Run(name, func(t *testing.T) {
			content := noise(t, size)
			s, got := keeper(t, test.start)
			body := newFileReader(t, content)
			body.onSend = func() {
				if body.calls >= test.from {
					body.fd = test.fd
				}
			}
			if err := send(t, nethttp.New(nethttp.Config{InsecureSkipVerify: true}), s.URL, body, size); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got(), content) {
				t.Error("other bytes arrived")
			}
			if all := body.read == size; all != test.read || body.read+body.sent != size {
				t.Errorf("%d bytes were read and %d sent", body.read, body.sent)
			}
		})
	}
	t.Run("unix socket", func(t *testing.T) {
		content := noise(t, size)
		socket := filepath.Join(t.TempDir(), "s")
		s, got := keeper(t, func(s *httptest.Server) {
			l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
			if err != nil {
				t.Fatal(err)
			}
			_ = s.Listener.Close()
			s.Listener = l
			s.Start()
		})
		_ = s
		body := newFileReader(t, content)
		if err := send(t, nethttp.New(nethttp.Config{UnixSocket: socket}), "http://unix/", body, size); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got(), content) {
			t.Error("other bytes arrived")
		}
	})
}

// A body is sent no further than was announced, where the file goes on.
func TestSendFileKeepsToTheLength(t *testing.T) {
	t.Parallel()
	const size = 1<<20 - 7
	content := noise(t, 3*size)
	s, got := keeper(t, (*httptest.Server).Start)
	body := newFileReader(t, content)
	err := send(t, nethttp.New(nethttp.Config{}), s.URL, body, size)
	if err == nil || !bytes.Equal(got(), content[:size]) {
		t.Errorf("error %v, or other bytes: a body that is longer than announced is none", err)
	}
	if body.sent > size {
		t.Errorf("%d bytes were sent from the file", body.sent)
	}
}

// A file that became shorter is an error, and no waiting.
func TestSendFileShrunk(t *testing.T) {
	t.Parallel()
	const size = 8 << 20
	s, _ := keeper(t, (*httptest.Server).Start)
	body := newFileReader(t, noise(t, size/2))
	body.size = size
	if err := send(t, nethttp.New(nethttp.Config{}), s.URL, body, size); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v, want io.ErrUnexpectedEOF", err)
	}
	if body.sent == 0 {
		t.Error("nothing was sent from the file")
	}
}

// A peer that does not read makes the sender wait, who neither spins nor keeps a
// request that was given up.
func TestSendFileWaits(t *testing.T) {
	t.Parallel()
	const size = 64 << 20
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	release := make(chan struct{})
	ended := make(chan struct{})
	t.Cleanup(func() { close(release); _ = l.Close(); <-ended })
	go func() {
		defer close(ended)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		_ = c.(*net.TCPConn).SetReadBuffer(64 << 10)
		_, _ = http.ReadRequest(bufio.NewReader(c))
		<-release
	}()
	body := newFileReader(t, nil)
	if err := os.Truncate(body.f.Name(), size); err != nil {
		t.Fatal(err)
	}
	body.size = size
	ctx, cancel := context.WithCancelCause(t.Context())
	gaveUp := errors.New("gave up")
	body.onSend = func() {
		if body.calls == 2 {
			time.AfterFunc(200*time.Millisecond, func() { cancel(gaveUp) })
		}
	}
	c := nethttp.New(nethttp.Config{})
	t.Cleanup(c.CloseIdleConnections)
	req, err := http.NewRequestWithContext(ctx, http.MethodPatch, "http://"+l.Addr().String(), body)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = size
	resp, err := c.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	if !errors.Is(err, gaveUp) {
		t.Errorf("error %v, want that of the context", err)
	}
	if body.calls > 100 || body.sent == 0 || body.sent == size {
		t.Errorf("%d calls for %d bytes", body.calls, body.sent)
	}
}

// A connection that breaks is told as a write would tell it.
func TestSendFileBroken(t *testing.T) {
	t.Parallel()
	url := "http://" + earlyServer(t, plain, func(io.Writer) {})
	body := newFileReader(t, nil)
	const size = 1 << 30
	if err := os.Truncate(body.f.Name(), size); err != nil {
		t.Fatal(err)
	}
	body.size = size
	err := send(t, nethttp.New(nethttp.Config{}), url, body, size)
	if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		t.Errorf("error %v", err)
	}
	if body.sent == 0 {
		t.Error("nothing was sent from the file")
	}
}
