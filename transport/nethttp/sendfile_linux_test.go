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

func send(t *testing.T, c *http.Client, url string, body *fileSender, announced int64) error {
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
		from  int // the call that fd is used from
		off   bool
		least int64 // bytes that the system sends; 0: everything is read
	}{
		"plain":                   {start: plainServer, least: size / 2},
		"a file that is no file":  {start: plainServer, fd: pipe.Fd()},
		"switched off":            {start: plainServer, off: true},
		"TLS":                     {start: (*httptest.Server).StartTLS},
		"a descriptor that fails": {start: plainServer, fd: 1 << 20},
		"failing half way":        {start: plainServer, fd: 1 << 20, from: 3, least: 1},
	} {
		t.Run(name, func(t *testing.T) {
			content := noise(t, size)
			s, got := keeper(t, test.start)
			body := newFileSender(t, content)
			body.onSend = func() {
				if body.calls >= test.from {
					body.fd = test.fd
				}
			}
			config := nethttp.Config{InsecureSkipVerify: true, NoSendfile: test.off}
			if err := send(t, nethttp.New(config), s.URL, body, size); err != nil {
				t.Fatal(err)
			}
			body.wait()
			if !bytes.Equal(got(), content) {
				t.Error("other bytes arrived")
			}
			// Each time that the buffer of the connection is full, some are read.
			if body.read+body.sent != size || body.sent < test.least || test.least == 0 && body.sent > 0 {
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
		body := newFileSender(t, content)
		if err := send(t, nethttp.New(nethttp.Config{UnixSocket: socket}), "http://unix/", body, size); err != nil {
			t.Fatal(err)
		}
		body.wait()
		if !bytes.Equal(got(), content) || body.read != size {
			t.Errorf("other bytes arrived, or %d were read", body.read)
		}
	})
}

// A body is sent no further than was announced, where the file goes on.
func TestSendFileKeepsToTheLength(t *testing.T) {
	t.Parallel()
	const size = 1<<20 - 7
	content := noise(t, 3*size)
	s, got := keeper(t, (*httptest.Server).Start)
	body := newFileSender(t, content)
	// Whether net/http finds the surplus before the answer comes is a matter of time.
	_ = send(t, nethttp.New(nethttp.Config{}), s.URL, body, size)
	body.wait()
	if !bytes.Equal(got(), content[:size]) {
		t.Error("other bytes arrived")
	}
	if body.sent == 0 || body.sent > size {
		t.Errorf("%d bytes were sent from the file", body.sent)
	}
}

// A file that became shorter is an error, and no waiting.
func TestSendFileShrunk(t *testing.T) {
	t.Parallel()
	const size = 8 << 20
	s, _ := keeper(t, (*httptest.Server).Start)
	body := newFileSender(t, noise(t, size/2))
	body.size = size
	if err := send(t, nethttp.New(nethttp.Config{}), s.URL, body, size); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v, want io.ErrUnexpectedEOF", err)
	}
	body.wait()
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
	body := sending(hole(t, size), size)
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
	body.wait()
	// What the system does not take may be the fault of the file, too: reading tells.
	if body.calls > 100 || body.sent == 0 || body.read == 0 {
		t.Errorf("%d calls for %d bytes", body.calls, body.sent)
	}
	// What lies in the buffers of the system looks sent. Without a limit it is 4 MiB.
	if taken := body.sent + body.read; taken > 2<<20 {
		t.Errorf("the system took %d bytes that nobody reads", taken)
	}
}

// A connection that breaks is told as a write would tell it.
func TestSendFileBroken(t *testing.T) {
	t.Parallel()
	url := "http://" + earlyServer(t, plain, func(io.Writer) {})
	const size = 1 << 30
	body := sending(hole(t, size), size)
	err := send(t, nethttp.New(nethttp.Config{}), url, body, size)
	if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		t.Errorf("error %v", err)
	}
	body.wait()
	if body.sent == 0 {
		t.Error("nothing was sent from the file")
	}
}
