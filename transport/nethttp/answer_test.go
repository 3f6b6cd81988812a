package nethttp_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// earlyServer accepts connections on loopback, reads the first bytes of a
// request, calls answer, and closes the connection with unread bytes, which
// resets it.
func earlyServer(t *testing.T, wrap func(net.Conn) net.Conn, answer func(io.Writer)) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			raw, err := l.Accept()
			if err != nil {
				return
			}
			c := wrap(raw)
			br := bufio.NewReader(c)
			if _, err := http.ReadRequest(br); err == nil {
				_, _ = io.CopyN(io.Discard, br, 1<<20)
				answer(c)
			}
			// Closing the TCP connection below TLS sends no alert, as when a
			// server is killed.
			_ = raw.Close()
		}
	}()
	return l.Addr().String()
}

// plain returns c without TLS.
func plain(c net.Conn) net.Conn { return c }

// refuse writes an answer with the status 413.
func refuse(w io.Writer) {
	_, _ = io.WriteString(w, "HTTP/1.1 413 Request Entity Too Large\r\nX-Limit: 1\r\nContent-Length: 5\r\n\r\nwords")
}

// endless returns a body that is larger than all buffers.
func endless() io.ReadCloser {
	return io.NopCloser(io.LimitReader(zeros{}, 1<<40))
}

// zeros is a reader of zero bytes without an end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// hole returns a sparse file of size bytes.
func hole(t *testing.T, size int64) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "hole"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	return f
}

// patch returns status, header X-Limit and body of the answer on one line.
func patch(t *testing.T, d transport.Doer, url string, body io.ReadCloser, n int64) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, url, body)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = n
	resp, err := d.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	words, err := io.ReadAll(resp.Body)
	return fmt.Sprintf("%d %s %s", resp.StatusCode, resp.Header.Get("X-Limit"), words), err
}

// The client gets an answer that comes during the body and is followed by a
// reset, although a write fails.
func TestEarlyAnswer(t *testing.T) {
	const rounds = 40
	check := func(t *testing.T, d transport.Doer, url string, body func() (io.ReadCloser, int64)) {
		t.Helper()
		for i := range rounds {
			b, n := body()
			got, err := patch(t, d, url, b, n)
			if err != nil {
				t.Fatalf("round %d: %v", i, err)
			}
			if want := "413 1 words"; got != want {
				t.Fatalf("round %d: got %q, want %q", i, got, want)
			}
		}
	}
	copied := func() (io.ReadCloser, int64) { return endless(), 1 << 40 }

	t.Run("plain", func(t *testing.T) {
		t.Parallel()
		c := nethttp.New(nethttp.Config{})
		t.Cleanup(c.CloseIdleConnections)
		check(t, c, "http://"+earlyServer(t, plain, refuse), copied)
	})
	t.Run("file", func(t *testing.T) {
		t.Parallel()
		const size = 1 << 30
		f := hole(t, size)
		c := nethttp.New(nethttp.Config{})
		t.Cleanup(c.CloseIdleConnections)
		check(t, c, "http://"+earlyServer(t, plain, refuse), func() (io.ReadCloser, int64) {
			b, err := transport.FileBody(f, 0, size)
			if err != nil {
				t.Fatal(err)
			}
			return b, size
		})
	})
	t.Run("FileSender", func(t *testing.T) {
		t.Parallel()
		const size = 1 << 30
		f := hole(t, size)
		c := nethttp.New(nethttp.Config{})
		t.Cleanup(c.CloseIdleConnections)
		var last *fileSender
		check(t, c, "http://"+earlyServer(t, plain, refuse), func() (io.ReadCloser, int64) {
			last = sending(f, size)
			return last, size
		})
		last.wait()
		if runtime.GOOS == "linux" && last.sent == 0 {
			t.Error("nothing was sent from the file")
		}
	})
	t.Run("TLS", func(t *testing.T) {
		t.Parallel()
		ca := newAuthority(t)
		cert := loadCertificate(t, ca)
		c := nethttp.New(nethttp.Config{RootCAs: loadPool(t, ca.file)})
		t.Cleanup(c.CloseIdleConnections)
		addr := earlyServer(t, func(c net.Conn) net.Conn {
			return tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
		}, refuse)
		check(t, c, "https://"+addr, copied)
	})
}

// A cut without an answer is not delayed.
func TestCutIsNotDelayed(t *testing.T) {
	const rounds = 50
	c := nethttp.New(nethttp.Config{})
	t.Cleanup(c.CloseIdleConnections)
	url := "http://" + earlyServer(t, plain, func(io.Writer) {})
	var slow int
	for range rounds {
		began := time.Now()
		if _, err := patch(t, c, url, endless(), 1<<40); err == nil {
			t.Fatalf("no error although the connection is broken")
		}
		if time.Since(began) > 500*time.Millisecond {
			slow++
		}
	}
	// A busy machine may be slow sometimes.
	if slow > rounds/10 {
		t.Errorf("%d of %d cuts took over half a second, want at most %v", slow, rounds, rounds/10)
	}
}
