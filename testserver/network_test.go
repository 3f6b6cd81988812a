package testserver_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/testserver"
)

// overNetwork starts a server on a new Network, for a synctest bubble.
func overNetwork(t *testing.T, cfg testserver.Config) *testserver.Server {
	t.Helper()
	cfg.Network = testserver.NewNetwork()
	return testserver.New(t, cfg)
}

// Uploads and faults work over a Network.
func TestNetworkUpload(t *testing.T) {
	t.Parallel()
	const size, cut = 300_000, 123_457
	data := content(size)
	for _, tt := range []struct {
		name  string
		do    testserver.Action
		kept  int
		reset bool
	}{
		{"nil action", nil, size, false},
		{"Reset", testserver.Reset(), 0, true},
		{"CutAfter", testserver.CutAfter(cut), cut, true},
		{"DropReply", testserver.DropReply(), size, true},
		{"Status", testserver.Status(http.StatusServiceUnavailable, nil, "later"), 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := overNetwork(t, testserver.Config{})
				url := create(t, s, size)
				s.Inject(testserver.Fault{Method: http.MethodPatch, Do: tt.do})
				_, err := patch(t.Context(), s, url, 0, data)
				if tt.reset {
					wantReset(t, "HTTP/1.1", err)
				} else if err != nil {
					t.Fatal(err)
				}
				stored(t, s, url, data[:tt.kept])
				finish(t, s, url, data)
			})
		})
	}
}

// A stall of half a minute takes no real time in a bubble.
func TestNetworkVirtualTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := overNetwork(t, testserver.Config{})
		url := create(t, s, 10)
		s.Inject(testserver.Fault{Method: http.MethodHead, Do: testserver.Stall(30 * time.Second)})
		start := time.Now()
		head(t, s, url)
		if got := time.Since(start); got != 30*time.Second {
			t.Errorf("got an answer after %v, want 30s", got)
		}
	})
}

// Close waits for tusd's goroutines, so that the bubble ends even with a long
// GracefulTimeout.
func TestNetworkGracefulTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := overNetwork(t, testserver.Config{GracefulTimeout: time.Minute})
		create(t, s, 10)
		s.ResetRequests()
	})
}

// Errors of Listen and DialContext are the system's.
func TestNetworkDial(t *testing.T) {
	t.Parallel()
	n := testserver.NewNetwork()

	if _, err := n.DialContext(t.Context(), "tcp", "absent.test:80"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial without a listener: got %v, want ECONNREFUSED", err)
	}
	l, err := n.Listen("listener.test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Listen("LISTENER.test:81"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("listen again: got %v, want EADDRINUSE", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := n.DialContext(ctx, "tcp", "listener.test:80"); !errors.Is(err, context.Canceled) {
		t.Errorf("dial when cancelled: got %v, want context.Canceled", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("close again: %v", err)
	}
	if _, err := l.Accept(); err == nil {
		t.Error("accept after close: got no error")
	}
	if _, err := n.DialContext(t.Context(), "tcp", "listener.test:80"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial after close: got %v, want ECONNREFUSED", err)
	}
}

// Deadlines end reads and writes on a Network.
func TestNetworkDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := testserver.NewNetwork()
		l, err := n.Listen("listener.test")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		go func() {
			c, err := l.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			<-t.Context().Done()
			_ = c.Close()
		}()
		c, err := n.DialContext(t.Context(), "tcp", "listener.test:80")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if err := c.SetDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read: got %v, want a deadline exceeded", err)
		}
		if _, err := c.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("write: got %v, want a deadline exceeded", err)
		}
	})
}

// Two servers on one Network have two origins.
func TestNetworkServers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := testserver.NewNetwork()
		a := testserver.New(t, testserver.Config{Network: n, Addr: "a.test"})
		b := testserver.New(t, testserver.Config{Network: n, Addr: "b.test"})
		url := create(t, a, 10)
		if a.Count("") != 1 || b.Count("") != 0 {
			t.Errorf("got %d and %d requests, want 1 and 0", a.Count(""), b.Count(""))
		}
		if want := "http://a.test/files/"; a.URL() != want {
			t.Errorf("got URL %s, want %s", a.URL(), want)
		}
		mustDo(t, http.StatusCreated, a.Client(), http.MethodPost, b.URL(), nil, "Upload-Length", "1")
		head(t, a, url)
		if a.Count("") != 2 || b.Count("") != 1 {
			t.Errorf("got %d and %d requests, want 2 and 1", a.Count(""), b.Count(""))
		}
	})
}
