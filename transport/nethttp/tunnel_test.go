package nethttp_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// The error about a refused tunnel has the status of the proxy, and neither its
// text nor its password.
func TestTunnelRefused(t *testing.T) {
	for _, marked := range []bool{false, true} {
		for _, status := range []int{302, 403, 407, 502, 799} {
			t.Run(fmt.Sprint(status, marked), func(t *testing.T) {
				proxy := refusingProxy(t, status)
				proxy.User = url.UserPassword("me", "hush")
				c := nethttp.New(nethttp.Config{Proxy: proxy})
				t.Cleanup(c.CloseIdleConnections)
				ctx := t.Context()
				if marked {
					ctx = transport.OwnConnection(ctx)
				}
				req, err := http.NewRequestWithContext(ctx, http.MethodHead, "https://tus.example/", http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := c.Do(req)
				if err == nil {
					_ = resp.Body.Close()
					t.Fatal("no error")
				}
				refused, ok := errors.AsType[*transport.ProxyError](err)
				if !ok || refused.StatusCode != status || refused.Proxy != proxy.Host {
					t.Fatalf("error %v, want ok true, StatusCode %v and Proxy %q", err, status, proxy.Host)
				}
				if refused.Final() != (status/100 == 4) {
					t.Errorf("the error is final: %t, want %t", refused.Final(), status/100 == 4)
				}
				if said := err.Error(); !strings.Contains(said, fmt.Sprint(status)) || strings.Contains(said, "hush") || strings.Contains(said, "words") {
					t.Errorf("error %q, want %q in it, no %q in it and no %q in it", said, fmt.Sprint(status), "hush", "words")
				}
			})
		}
	}
}

// refusingProxy starts a proxy that answers each connection with status and
// some text.
func refusingProxy(t *testing.T, status int) *url.URL {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 4<<10))
			_, _ = fmt.Fprintf(c, "HTTP/1.1 %d words\r\nContent-Length: 0\r\n\r\n", status)
			_ = c.Close()
		}
	}()
	return &url.URL{Scheme: "http", Host: l.Addr().String()}
}
