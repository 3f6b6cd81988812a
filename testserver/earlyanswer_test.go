package testserver_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	neturl "net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tusker-go/tusker/testserver"
)

// dial connects to the server directly, because net/http's transport may lose
// an early answer.
func dial(t *testing.T, s *testserver.Server, n *testserver.Network) net.Conn {
	t.Helper()
	u, err := neturl.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	var c net.Conn
	switch {
	case n != nil:
		c, err = n.DialContext(t.Context(), "tcp", u.Host)
	case u.Scheme == "https":
		c, err = (&tls.Dialer{Config: &tls.Config{RootCAs: s.CertPool()}}).DialContext(t.Context(), "tcp", u.Host)
	default:
		c, err = new(net.Dialer).DialContext(t.Context(), "tcp", u.Host)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// patchEndlessly sends a PATCH whose body does not end. It returns the answer,
// and the error that ended the body.
func patchEndlessly(t *testing.T, c net.Conn, url string) (reply, error) {
	t.Helper()
	defer func() { _ = c.Close() }()
	written := make(chan error, 1)
	go func() {
		_, err := io.WriteString(c, "PATCH "+url+" HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n"+
			"Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n\r\n")
		for b := content(10_000); err == nil; {
			_, err = c.Write(b)
		}
		written <- err
	}()
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !res.Close {
		t.Error("the answer does not have Connection: close")
	}
	return reply{res.StatusCode, res.Header, string(b)}, <-written
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// EarlyAnswer answers after n bytes, and the client that writes gets a reset.
func TestEarlyAnswer(t *testing.T) {
	t.Parallel()
	const n, size = 70_000, 2_000_000
	header := http.Header{"Retry-After": {"7"}}
	check := func(t *testing.T, s *testserver.Server, r reply) {
		t.Helper()
		if r.status != http.StatusServiceUnavailable || r.header.Get("Retry-After") != "7" || r.body != "busy" {
			t.Fatalf("got %d, header %v, body %q; want 503, Retry-After 7, busy", r.status, r.header, r.body)
		}
		seen := last(t, s)
		if seen.Status != http.StatusServiceUnavailable || seen.BodyBytes != n || seen.Fault != "EarlyAnswer(70000, 503)" {
			t.Fatalf("got status %d, %d bytes, fault %q; want 503, %d", seen.Status, seen.BodyBytes, seen.Fault, n)
		}
	}
	fault := testserver.Fault{
		Method: http.MethodPatch, Times: testserver.Always,
		Do: testserver.EarlyAnswer(n, http.StatusServiceUnavailable, header, "busy"),
	}
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, tr.config)
			url := create(t, s, size)
			s.Inject(fault)
			for range repeats {
				if tr.proto == "HTTP/2.0" {
					r, err := patch(t.Context(), s, url, 0, content(size))
					if err != nil {
						t.Fatal(err)
					}
					check(t, s, r)
					continue
				}
				r, err := patchEndlessly(t, dial(t, s, nil), url)
				check(t, s, r)
				if !isReset(err) {
					t.Fatalf("write: got %v, want ECONNRESET or EPIPE", err)
				}
			}
			stored(t, s, url, nil)
		})
	}
	t.Run("Network", func(t *testing.T) {
		t.Parallel()
		network := testserver.NewNetwork()
		s := testserver.New(t, testserver.Config{Network: network})
		s.Inject(fault)
		r, err := patchEndlessly(t, dial(t, s, network), create(t, s, size))
		check(t, s, r)
		if !isReset(err) {
			t.Errorf("write: got %v, want ECONNRESET", err)
		}
	})
}

// A body shorter than n does not delay the answer.
func TestEarlyAnswerShortBody(t *testing.T) {
	t.Parallel()
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, tr.config)
			url := create(t, s, 10)
			for _, body := range []string{"", "12345", "1234567890"} {
				s.Inject(testserver.Fault{Do: testserver.EarlyAnswer(10, http.StatusUnauthorized, nil, "")})
				r := mustDo(t, http.StatusUnauthorized, s.Client(), http.MethodPatch, url, strings.NewReader(body))
				if got := last(t, s).BodyBytes; got != int64(len(body)) || r.body != "" {
					t.Errorf("got %d bytes read, body %q; want %d", got, r.body, len(body))
				}
			}
			s.Inject(testserver.Fault{Do: testserver.EarlyAnswer(0, http.StatusBadGateway, nil, "words")})
			mustDo(t, http.StatusBadGateway, s.Client(), http.MethodHead, url, nil)
			head(t, s, url)
			stored(t, s, url, nil)
		})
	}
}

// The answer to HEAD has a Content-Length and no body.
func TestEarlyAnswerToHead(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	s.Inject(testserver.Fault{Do: testserver.EarlyAnswer(0, http.StatusBadGateway, nil, "words")})
	c := dial(t, s, nil)
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, "HEAD /files/x HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	got := string(all)
	if !strings.HasPrefix(got, "HTTP/1.1 502 ") || !strings.Contains(got, "\r\nContent-Length: 5\r\n") || !strings.HasSuffix(got, "\r\n\r\n") {
		t.Errorf("got %q, want the prefix %q, %q in it and the suffix %q", got, "HTTP/1.1 502 ", "\r\nContent-Length: 5\r\n", "\r\n\r\n")
	}
}

// Without a connection of this package, EarlyAnswer uses the ResponseWriter.
func TestEarlyAnswerInOtherServer(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	w := &plainWriter{header: http.Header{}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, s.URL(), strings.NewReader("12345"))
	if err != nil {
		t.Fatal(err)
	}
	testserver.EarlyAnswer(2, http.StatusConflict, http.Header{"X-A": {"b"}}, "words").Serve(w, r, nil)
	if w.status != http.StatusConflict || w.header.Get("X-A") != "b" || w.header.Get("Connection") != "close" || w.body.String() != "words" {
		t.Errorf("got %d, %v, %q, want status 409, X-A %q, Connection %q and %q", w.status, w.header, &w.body, "b", "close", "words")
	}
}

// plainWriter is a ResponseWriter without the methods that net/http adds.
type plainWriter struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *plainWriter) Header() http.Header         { return w.header }
func (w *plainWriter) WriteHeader(status int)      { w.status = status }
func (w *plainWriter) Write(p []byte) (int, error) { return w.body.Write(p) }

// A client that never reads its answer does not delay Close.
func TestEarlyAnswerCloses(t *testing.T) {
	t.Parallel()
	network := testserver.NewNetwork()
	s := testserver.New(t, testserver.Config{Network: network})
	s.Inject(testserver.Fault{Do: testserver.EarlyAnswer(0, http.StatusConflict, nil, "")})
	c := dial(t, s, network)
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, "HEAD /files/x HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	s.Close()
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("Close took %v, want at most %v", took, 5*time.Second)
	}
}
