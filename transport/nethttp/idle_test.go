package nethttp_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// openConns counts the connections that it dials and that are not closed yet. All of
// them lead to one address, whatever host they are for.
type openConns struct {
	addr    string
	mu      sync.Mutex
	changed *sync.Cond
	open    int
	dialed  int
}

func newOpenConns(addr string) *openConns {
	o := &openConns{addr: addr}
	o.changed = sync.NewCond(&o.mu)
	return o
}

func (o *openConns) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, o.addr)
	if err != nil {
		return nil, err
	}
	o.add(1)
	return &countedConn{Conn: conn, closed: sync.OnceFunc(func() { o.add(-1) })}, nil
}

func (o *openConns) add(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open += n
	o.dialed += max(n, 0)
	o.changed.Broadcast()
}

type countedConn struct {
	net.Conn
	closed func()
}

func (c *countedConn) Close() error { c.closed(); return c.Conn.Close() }

// atMost waits until no more than n connections are open, and returns how many are.
func (o *openConns) atMost(ctx context.Context, n int) int {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	defer context.AfterFunc(ctx, func() { o.mu.Lock(); defer o.mu.Unlock(); o.changed.Broadcast() })()
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.open > n && ctx.Err() == nil {
		o.changed.Wait()
	}
	return o.open
}

// Many hosts, one after the other, leave a limited number of idle connections,
// whatever the protocol.
func TestIdleConns(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config nethttp.Config
		tls    bool
		own    bool
		hosts  int
		want   int
	}{
		"default":                 {nethttp.Config{}, false, true, 1000, 100},
		"as many as to one host":  {nethttp.Config{MaxConnsPerHost: 120}, false, true, 200, 120},
		"a limit":                 {nethttp.Config{MaxIdleConns: 5}, false, false, 50, 5},
		"no limit":                {nethttp.Config{MaxIdleConns: -1}, false, true, 150, 150},
		"TLS, own connections":    {nethttp.Config{MaxIdleConns: 5}, true, true, 50, 5},
		"TLS, HTTP/1.1 only":      {nethttp.Config{MaxIdleConns: 5, HTTP1Only: true}, true, false, 50, 5},
		"HTTP/2":                  {nethttp.Config{MaxIdleConns: 5}, true, false, 50, 5},
		"HTTP/2 preferred":        {nethttp.Config{MaxIdleConns: 5, PreferHTTP2: true}, true, true, 50, 5},
		"HTTP/2 without a limit":  {nethttp.Config{MaxIdleConns: -1, PreferHTTP2: true}, true, true, 20, 20},
		"HTTP/2, within a limit":  {nethttp.Config{MaxIdleConns: 20, PreferHTTP2: true}, true, true, 20, 20},
		"HTTP/1.1, within limits": {nethttp.Config{MaxIdleConns: 20}, true, true, 20, 20},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			scheme := "http"
			if test.tls {
				scheme = "https"
				srv.EnableHTTP2 = true
				srv.TLS = &tls.Config{NextProtos: []string{"h2", "http/1.1"}}
				srv.StartTLS()
			} else {
				srv.Start()
			}
			t.Cleanup(srv.Close)
			conns := newOpenConns(srv.Listener.Addr().String())
			c := test.config
			c.InsecureSkipVerify, c.NoProxy, c.DialContext = true, true, conns.dial
			client := nethttp.New(c)
			t.Cleanup(client.CloseIdleConnections)
			ctx := t.Context()
			if test.own {
				ctx = transport.OwnConnection(ctx)
			}
			for i := range test.hosts {
				req, err := http.NewRequestWithContext(ctx, http.MethodHead, fmt.Sprintf("%s://host%d.example/", scheme, i), nil)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
			}
			if open := conns.atMost(t.Context(), test.want); open > test.want {
				t.Errorf("%d hosts leave %d connections open, want at most %d", test.hosts, open, test.want)
			}
			if test.want == test.hosts && conns.atMost(t.Context(), test.hosts) != test.want {
				t.Error("connections are closed below the limit")
			}
			client.CloseIdleConnections()
			if open := conns.atMost(t.Context(), 0); open != 0 {
				t.Errorf("%d connections are open after CloseIdleConnections, want 0", open)
			}
		})
	}
}
