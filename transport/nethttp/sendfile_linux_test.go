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

// noise returns n random bytes.
func noise(t *testing.T, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// newBodyServer starts a server and returns a function that waits for the next
// body.
func newBodyServer(t *testing.T, start func(*httptest.Server)) (*httptest.Server, func() []byte) {
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

// send sends a PATCH with body and the announced length.
func send(t *testing.T, c *http.Client, url string, body *fileSender, announced int64) error {
	t.Helper()
	t.Cleanup(c.CloseIdleConnections)
	_, err := patch(t, c, url, body, announced)
	return err
}

// The bytes of a file are sent by its descriptor if possible, and copied
// otherwise.
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
		from  int // first call with fd
		off   bool
		least int64 // minimum of bytes sent by sendfile; 0: all bytes are copied
	}{
		"plain":                              {start: plainServer, least: size / 2},
		"pipe instead of a file":             {start: plainServer, fd: pipe.Fd()},
		"NoSendfile":                         {start: plainServer, off: true},
		"TLS":                                {start: (*httptest.Server).StartTLS},
		"invalid descriptor":                 {start: plainServer, fd: 1 << 20},
		"invalid descriptor after two calls": {start: plainServer, fd: 1 << 20, from: 3, least: 1},
	} {
		t.Run(name, func(t *testing.T) {
			content := noise(t, size)
			s, got := newBodyServer(t, test.start)
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
				t.Error("the bytes that arrived differ")
			}
			// Some bytes are copied each time the buffer of the connection is
			// full.
			if body.read+body.sent != size || body.sent < test.least || test.least == 0 && body.sent > 0 {
				t.Errorf("%d bytes were read, and %d were sent, want %d in all, and at least %d sent", body.read, body.sent, size, test.least)
			}
		})
	}
	t.Run("unix socket", func(t *testing.T) {
		content := noise(t, size)
		socket := filepath.Join(t.TempDir(), "s")
		s, got := newBodyServer(t, func(s *httptest.Server) {
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
			t.Errorf("the bytes that arrived differ, or %d were read", body.read)
		}
	})
}

// No more bytes are sent than announced if the file is longer.
func TestSendFileLength(t *testing.T) {
	t.Parallel()
	const size = 1<<20 - 7
	content := noise(t, 3*size)
	s, got := newBodyServer(t, (*httptest.Server).Start)
	body := newFileSender(t, content)
	// net/http may notice the surplus before or after the answer.
	_ = send(t, nethttp.New(nethttp.Config{}), s.URL, body, size)
	body.wait()
	if !bytes.Equal(got(), content[:size]) {
		t.Error("the bytes that arrived differ")
	}
	if body.sent == 0 || body.sent > size {
		t.Errorf("%d bytes were sent from the file, want sent not 0 and sent at most %v", body.sent, size)
	}
}

// A file that is shorter than announced is an error and does not block.
func TestSendFileShrunk(t *testing.T) {
	t.Parallel()
	const size = 8 << 20
	s, _ := newBodyServer(t, (*httptest.Server).Start)
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

// A peer that does not read blocks the sender without busy waiting, and the end
// of the context ends the request.
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
	errCanceled := errors.New("canceled by the test")
	body.onSend = func() {
		if body.calls == 2 {
			time.AfterFunc(200*time.Millisecond, func() { cancel(errCanceled) })
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
	if !errors.Is(err, errCanceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	body.wait()
	// A full buffer could also be an error of the file, which a read detects.
	if body.calls > 100 || body.sent == 0 || body.read == 0 {
		t.Errorf("%d system calls for %d bytes, want calls at most 100, sent not 0 and read not 0", body.calls, body.sent)
	}
	// Bytes in the send buffer count as sent. Without a limit, they are up to 4
	// MiB.
	if taken := body.sent + body.read; taken > 2<<20 {
		t.Errorf("the system took %d bytes that the peer does not read", taken)
	}
}

// A broken connection returns the error of a write.
func TestSendFileBroken(t *testing.T) {
	t.Parallel()
	url := "http://" + earlyServer(t, plain, func(io.Writer) {})
	const size = 1 << 30
	body := sending(hole(t, size), size)
	err := send(t, nethttp.New(nethttp.Config{}), url, body, size)
	if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		t.Errorf("error %v, want a reset or an early end", err)
	}
	body.wait()
	if body.sent == 0 {
		t.Error("nothing was sent from the file")
	}
}
