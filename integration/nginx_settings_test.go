package integration

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// An upload through nginx succeeds with each of these settings.
func TestNginxSettings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		directives []string
		faults     []testserver.Fault // behind nginx
		config     client.Config
		learn      bool
		size       int
		retries    int
		confirmed  bool
	}{
		{name: "defaults, below the limit", size: mib},
		{name: "defaults, one byte over", size: mib + 1, retries: 1},
		{name: "defaults, in chunks", config: client.Config{ChunkSize: mib}, size: 3*mib + 1},
		{name: "limit without buffering", directives: []string{unbuffered}, size: 4 * mib, retries: 2},
		{name: "small limit", directives: []string{"client_max_body_size 300k;"}, size: 2 * mib, retries: 3},
		{name: "small limit, with the creation", directives: []string{"client_max_body_size 300k;"}, learn: true, size: 500 * kib, retries: 1},
		{name: "buffering", directives: []string{unlimited}, size: 8 * mib},
		{
			name: "buffering, connection to the server lost", directives: []string{unlimited},
			faults: []testserver.Fault{patch(testserver.CutAfter(3 * mib))}, size: 8 * mib, retries: 1,
		},
		{
			name: "answer lost", directives: []string{unlimited, unbuffered},
			faults: []testserver.Fault{patch(testserver.DropReply())}, size: mib, retries: 1, confirmed: true,
		},
		{
			name: "answer late", directives: []string{unlimited, unbuffered, "proxy_read_timeout 300ms;"},
			faults: []testserver.Fault{patch(testserver.SlowFinish(0))}, size: mib, retries: 1, confirmed: true,
		},
		{
			name: "answer late, buffering", directives: []string{unlimited, "proxy_read_timeout 300ms;"},
			faults: []testserver.Fault{patch(testserver.SlowFinish(0))}, size: mib, retries: 1, confirmed: true,
		},
		{
			name: "server busy", directives: []string{unlimited, unbuffered},
			faults: []testserver.Fault{patch(testserver.EarlyAnswer(64*kib, http.StatusServiceUnavailable, nil, "busy\n"))},
			size:   8 * mib, retries: 1,
		},
	}
	for _, tt := range tests {
		for _, v := range versions {
			t.Run(tt.name+" "+v.name, func(t *testing.T) {
				t.Parallel()
				proxy := startNginx(t, tt.directives...)
				proxy.tusd.Inject(tt.faults...)
				cfg := tt.config
				cfg.Endpoint, cfg.Doer = proxy.url, proxy.doer(t, v.http1Only)
				cfg.Retry, cfg.Locked = quick, quick
				c := newClient(t, cfg)
				if tt.learn {
					if err := c.Learn(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				data := content(tt.size)
				var o outcome
				o.result, o.err = c.Upload(t.Context(), readerAt(t, data), &client.UploadOptions{
					OnEvent: func(ev client.Event) { o.events = append(o.events, ev) },
				})
				if o.err != nil {
					t.Fatal(o.err)
				}
				checkEvents(t, o)
				checkStored(t, proxy.tusd, o.result.URL, data)
				if o.result.Retries != tt.retries || o.result.Confirmed != tt.confirmed || o.result.Orphans != 0 {
					t.Errorf("result %+v, want %d retries", o.result, tt.retries)
				}
				for _, r := range proxy.tusd.Requests() {
					if got := r.Header.Get("X-Test-Protocol"); got != v.proto {
						t.Errorf("%s was sent over %s, want %s", r.Method, got, v.proto)
					}
				}
			})
		}
	}
}

// Requests get as small as 64 KiB. If the limit is smaller, the upload fails with the words of
// nginx.
func TestNginxTinyLimit(t *testing.T) {
	t.Parallel()
	for _, v := range versions {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			data := content(mib)
			proxy := startNginx(t, "client_max_body_size 100k;")
			c := newClient(t, client.Config{Endpoint: proxy.url, Doer: proxy.doer(t, v.http1Only), Retry: quick})
			res, err := c.Upload(t.Context(), readerAt(t, data), nil)
			if err != nil || res.BodyLimit != 64<<10 || res.Retries != 4 { // one retry for each size from 1 MiB to 128 KiB
				t.Fatalf("result %+v, error %v", res, err)
			}
			checkStored(t, proxy.tusd, res.URL, data)

			proxy = startNginx(t, "client_max_body_size 50k;")
			c = newClient(t, client.Config{Endpoint: proxy.url, Doer: proxy.doer(t, v.http1Only), Retry: quick})
			res, err = c.Upload(t.Context(), readerAt(t, data), nil)
			e, ok := errors.AsType[*client.Error](err)
			if !errors.Is(err, protocol.ErrTooLarge) || !ok || !strings.Contains(e.Body, "nginx") {
				t.Errorf("error %v, want the text of nginx", err)
			}
			if res.URL == "" || res.Offset != 0 || res.Retries != 4 {
				t.Errorf("result %+v", res)
			}
		})
	}
}

// nginx ends a request if the client sends nothing for some time. It closes the
// connection, or over HTTP/2 answers 408 and keeps the connection.
func TestNginxBodyTimeout(t *testing.T) {
	t.Parallel()
	const timeout = 200 * time.Millisecond
	for _, v := range versions {
		for _, directives := range [][]string{{unlimited}, {unlimited, unbuffered}} {
			t.Run(fmt.Sprintf("%s, buffering %v", v.name, len(directives) == 1), func(t *testing.T) {
				t.Parallel()
				proxy := startNginx(t, append(directives, fmt.Sprintf("client_body_timeout %dms;", timeout.Milliseconds()))...)
				link := &lateLink{at: 3 * mib, least: timeout / 2}
				doer := nethttp.New(nethttp.Config{
					RootCAs: proxy.roots, HTTP1Only: v.http1Only, PreferHTTP2: !v.http1Only, DialContext: link.dial,
				})
				t.Cleanup(doer.CloseIdleConnections)
				c := newClient(t, client.Config{Endpoint: proxy.url, Doer: doer, Retry: quick, Locked: quick})
				data := content(8 * mib)
				var o outcome
				o.result, o.err = c.Upload(t.Context(), readerAt(t, data), &client.UploadOptions{
					OnEvent: func(ev client.Event) { o.events = append(o.events, ev) },
				})
				if o.err != nil {
					t.Fatal(o.err)
				}
				checkEvents(t, o)
				checkStored(t, proxy.tusd, o.result.URL, data)
				// If nginx reports over HTTP/2 that it has not processed a request,
				// net/http sends the request again.
				if o.result.Retries == 0 && link.dials.Load() < 2 {
					t.Error("no request was sent again")
				}
			})
		}
	}
}

// lateLink sends a number of bytes, and the rest only after the other side has given up.
type lateLink struct {
	at    int64
	least time.Duration // answers that arrive earlier are not about the wait

	dials atomic.Int64

	mu   sync.Mutex
	sent int64
}

func (l *lateLink) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	l.dials.Add(1)
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &lateConn{Conn: conn, link: l, enough: make(chan struct{})}, nil
}

// reached adds n to the bytes that were sent. It reports once that the limit is reached.
func (l *lateLink) reached(n int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.sent
	l.sent += int64(n)
	return before < l.at && l.sent >= l.at
}

type lateConn struct {
	net.Conn
	link    *lateLink
	stopped atomic.Pointer[time.Time]
	once    sync.Once
	enough  chan struct{}
}

func (c *lateConn) Write(b []byte) (int, error) {
	if c.link.reached(len(b)) {
		now := time.Now()
		c.stopped.Store(&now)
		<-c.enough
	}
	return c.Conn.Write(b)
}

func (c *lateConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if at := c.stopped.Load(); at != nil && time.Since(*at) >= c.link.least {
		c.once.Do(func() { close(c.enough) })
	}
	return n, err
}

func (c *lateConn) Close() error {
	c.once.Do(func() { close(c.enough) })
	return c.Conn.Close()
}

// Each part has its own connection, even if the server offers HTTP/2. With PreferHTTP2,
// all parts share one connection.
func TestNginxParallel(t *testing.T) {
	t.Parallel()
	for _, preferred := range []bool{false, true} {
		for _, directives := range [][]string{{unlimited}, {unlimited, unbuffered}} {
			t.Run(fmt.Sprintf("preferred %v, buffering %v", preferred, len(directives) == 1), func(t *testing.T) {
				t.Parallel()
				proxy := startNginx(t, directives...)
				meet := together(4)
				proxy.tusd.Inject(
					patch(testserver.Chain(meet, testserver.CutAfter(256*kib))), patch(testserver.Chain(meet, testserver.CutAfter(512*kib))),
					patch(meet), patch(meet),
				)
				doer := nethttp.New(nethttp.Config{RootCAs: proxy.roots, PreferHTTP2: preferred})
				t.Cleanup(doer.CloseIdleConnections)
				c := newClient(t, client.Config{Endpoint: proxy.url, Doer: doer, Retry: quick, Locked: quick})
				data := content(parallelSize)
				res, err := c.Upload(t.Context(), readerAt(t, data), &client.UploadOptions{Parallel: 4})
				if err != nil {
					t.Fatal(err)
				}
				checkStored(t, proxy.tusd, res.URL, data)
				want := "HTTP/1.1"
				if preferred {
					want = "HTTP/2.0"
				}
				connections := map[string]bool{}
				for _, r := range proxy.tusd.Requests() {
					if r.Method != http.MethodPatch {
						continue
					}
					connections[r.Header.Get("X-Test-Connection")] = true
					if got := r.Header.Get("X-Test-Protocol"); got != want {
						t.Errorf("a part was sent over %s, want %s", got, want)
					}
				}
				if n := len(connections); preferred && n != 1 || !preferred && n < 4 {
					t.Errorf("%d connections for 4 parts", n)
				}
			})
		}
	}
}

// together delays n requests until all of them have arrived, so that none can use the
// connection of another after its end.
func together(n int64) testserver.Action {
	var arrived atomic.Int64
	all := make(chan struct{})
	return testserver.ActionFunc(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if arrived.Add(1) == n {
			close(all)
		}
		select {
		case <-all:
		case <-r.Context().Done():
		}
		next.ServeHTTP(w, r)
	})
}
