package nethttp_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tusker-go/tusker/transport/nethttp"
)

// proxy is an HTTP proxy that forwards requests and opens tunnels. It records
// its requests.
type proxy struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func newProxy(t *testing.T) *proxy {
	t.Helper()
	p := &proxy{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.Method+" "+r.Host)
		p.mu.Unlock()
		if r.Method == http.MethodConnect {
			tunnel(w, r)
			return
		}
		r.RequestURI = ""
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer func() { _ = resp.Body.Close() }()
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
	}))
	t.Cleanup(p.Close)
	return p
}

// tunnel connects the client with the host of a CONNECT.
func tunnel(w http.ResponseWriter, r *http.Request) {
	var dialer net.Dialer
	far, err := dialer.DialContext(r.Context(), "tcp", r.Host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = far.Close() }()
	w.WriteHeader(http.StatusOK)
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = near.Close() }()
	var both sync.WaitGroup
	both.Go(func() {
		// The server may have buffered the first bytes after the CONNECT.
		_, _ = io.Copy(far, buffered)
		_ = far.Close()
	})
	both.Go(func() {
		_, _ = io.Copy(near, far)
		_ = near.Close()
	})
	both.Wait()
}

// Config.Proxy gets all requests unless Config.NoProxy is set.
func TestProxy(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.HandlerFunc(landing))
	t.Cleanup(plain.Close)
	secure := httptest.NewTLSServer(http.HandlerFunc(landing))
	t.Cleanup(secure.Close)
	for _, c := range []struct {
		name   string
		url    string
		config nethttp.Config
		want   string // request to the proxy; "": none
	}{
		{"forward", plain.URL, nethttp.Config{}, "PATCH " + strings.TrimPrefix(plain.URL, "http://")},
		{"tunnel", secure.URL, nethttp.Config{InsecureSkipVerify: true}, "CONNECT " + strings.TrimPrefix(secure.URL, "https://")},
		{"NoProxy", plain.URL, nethttp.Config{NoProxy: true}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProxy(t)
			var err error
			if c.config.Proxy, err = url.Parse(p.URL); err != nil {
				t.Fatal(err)
			}
			client := nethttp.New(c.config)
			c.config.Proxy.Host = "changed.invalid" // the client has a copy
			_, got, err := do(t, client, http.MethodPatch, c.url)
			if err != nil || got != "PATCH " {
				t.Fatalf("answer %q, error %v, want %q and no error", got, err, "PATCH ")
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			if asked := strings.Join(p.asked, ", "); asked != c.want {
				t.Errorf("the proxy got %q, want %q", asked, c.want)
			}
		})
	}
}

// The proxy of the environment is used unless the Config excludes proxies.
func TestProxyFromEnvironment(t *testing.T) {
	t.Parallel()
	transport := nethttp.NewTransport(nethttp.Config{})
	if transport.Proxy == nil {
		t.Error("the transport ignores the environment")
	}
	for name, c := range map[string]nethttp.Config{
		"NoProxy":    {NoProxy: true},
		"UnixSocket": {UnixSocket: "/x", Proxy: &url.URL{Scheme: "http", Host: "proxy.invalid"}},
	} {
		if nethttp.NewTransport(c).Proxy != nil {
			t.Errorf("%s: the transport has a proxy", name)
		}
	}
}

// All requests use Config.UnixSocket, and keep their host.
func TestUnixSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "unix", path)
	if err != nil {
		t.Skip(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Host)
	}))
	_ = s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	_, got, err := do(t, nethttp.New(nethttp.Config{UnixSocket: path}), http.MethodGet, "http://tus.example:1080/files")
	if err != nil || got != "tus.example:1080" {
		t.Errorf("answer %q, error %v, want %q and no error", got, err, "tus.example:1080")
	}
}

// Config.DialContext is called with the dial timeout.
func TestDialContext(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		config nethttp.Config
		want   string
		bound  time.Duration // 0: none
	}{
		{"default", nethttp.Config{}, "tcp tus.example:80", 30 * time.Second},
		{"own timeout", nethttp.Config{DialTimeout: time.Hour}, "tcp tus.example:80", time.Hour},
		{"no timeout", nethttp.Config{DialTimeout: -1}, "tcp tus.example:80", 0},
		{"unix", nethttp.Config{UnixSocket: "/run/tus"}, "unix /run/tus", 30 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got string
			c.config.NoProxy = true
			c.config.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
				got = network + " " + addr
				end, ok := ctx.Deadline()
				if left := time.Until(end); ok != (c.bound > 0) || ok && (left > c.bound || left < c.bound-time.Minute && left < c.bound/2) {
					t.Errorf("deadline %v, in %v; want %v", ok, left, c.bound)
				}
				near, far := net.Pipe()
				go func() {
					defer func() { _ = far.Close() }()
					if _, err := http.ReadRequest(bufio.NewReader(far)); err == nil {
						_, _ = io.WriteString(far, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
					}
				}()
				return near, nil
			}
			status, _, err := do(t, nethttp.New(c.config), http.MethodPatch, "http://tus.example/")
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want || status != http.StatusNoContent {
				t.Errorf("dialed %q, status %d, want %q and 204", got, status, c.want)
			}
		})
	}
}

// Timeouts and limits of Config reach the transport, and no timeout ends a long
// upload.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		config          nethttp.Config
		handshake, idle time.Duration
		conns, kept     int
	}{
		{"default", nethttp.Config{}, 10 * time.Second, 90 * time.Second, 0, 16},
		{"own", nethttp.Config{TLSHandshakeTimeout: 1, IdleConnTimeout: 2, MaxConnsPerHost: 3}, 1, 2, 3, 16},
		{"none", nethttp.Config{TLSHandshakeTimeout: -1, IdleConnTimeout: -1, MaxConnsPerHost: -1}, 0, 0, 0, 16},
		{"many connections", nethttp.Config{MaxConnsPerHost: 64}, 10 * time.Second, 90 * time.Second, 64, 64},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			client := nethttp.New(c.config)
			transport := nethttp.NewTransport(c.config)
			if client.Timeout != 0 || transport.ResponseHeaderTimeout != 0 {
				t.Errorf("Timeout %v, ResponseHeaderTimeout %v: they end long uploads, want Timeout 0 and ResponseHeaderTimeout 0", client.Timeout, transport.ResponseHeaderTimeout)
			}
			if transport.TLSHandshakeTimeout != c.handshake || transport.IdleConnTimeout != c.idle {
				t.Errorf("TLSHandshakeTimeout %v, IdleConnTimeout %v, want TLSHandshakeTimeout %v and IdleConnTimeout %v", transport.TLSHandshakeTimeout, transport.IdleConnTimeout, c.handshake, c.idle)
			}
			if transport.MaxConnsPerHost != c.conns || transport.MaxIdleConnsPerHost != c.kept {
				t.Errorf("MaxConnsPerHost %d, MaxIdleConnsPerHost %d, want MaxConnsPerHost %v and MaxIdleConnsPerHost %v", transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost, c.conns, c.kept)
			}
		})
	}
}

// Parallel requests reuse the connections of earlier ones. net/http would close
// all but two of them.
func TestParallelRequestsReuseConnections(t *testing.T) {
	t.Parallel()
	const parallel = 8
	var mu sync.Mutex
	opened := 0
	together := make(chan struct{}, parallel)
	all := make(chan struct{})
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) {
		together <- struct{}{}
		<-all
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			mu.Lock()
			opened++
			mu.Unlock()
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	client := nethttp.New(nethttp.Config{})
	t.Cleanup(client.CloseIdleConnections)
	for range 3 {
		var wg sync.WaitGroup
		for range parallel {
			wg.Go(func() {
				if _, _, err := do(t, client, http.MethodPatch, s.URL); err != nil {
					t.Error(err)
				}
			})
		}
		for range parallel {
			<-together
		}
		for range parallel {
			all <- struct{}{}
		}
		wg.Wait()
	}
	mu.Lock()
	defer mu.Unlock()
	// With the default of net/http, 20 connections would be opened. On a busy
	// machine, net/http sometimes closes a connection because it notices late
	// that a request was written.
	if opened < parallel || opened > parallel+4 {
		t.Errorf("%d connections opened, want %d", opened, parallel)
	}
}
