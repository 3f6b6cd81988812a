package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// A stream of HTTP/2 that a server resets says nothing about its connection. The failure
// counts as any other, and the requests that follow use the same connection.
func TestStreamResetIsNotStale(t *testing.T) {
	t.Parallel()
	tus := fake.Handler(fake.Config{Content: true})
	var mu sync.Mutex
	var protos, from []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		protos, from = append(protos, r.Proto), append(from, r.RemoteAddr)
		isSecond := len(protos) == 2
		mu.Unlock()
		if isSecond {
			panic(http.ErrAbortHandler) // net/http resets the stream
		}
		tus.ServeHTTP(w, r)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	doer := nethttp.New(nethttp.Config{NoProxy: true, InsecureSkipVerify: true, PreferHTTP2: true})
	t.Cleanup(doer.CloseIdleConnections)
	c, err := client.New(client.Config{Endpoint: server.URL + "/files/", Doer: doer, Retry: retry.Delays(time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var failures []*client.Error
	_, err = c.Upload(ctx, clienttest.TextSource(t, "hello"), &client.UploadOptions{OnEvent: func(ev client.Event) {
		if e, ok := errors.AsType[*client.Error](ev.Err); ok && ev.Kind == client.EventRetry {
			failures = append(failures, e)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(failures) != 1 || failures[0].Stale {
		t.Errorf("failures %v, want one that is not stale", failures)
	}
	mu.Lock()
	defer mu.Unlock()
	if got := slices.Compact(protos); len(got) != 1 || got[0] != "HTTP/2.0" {
		t.Errorf("requests over %v, want HTTP/2.0", got)
	}
	if got := slices.Compact(from); len(got) != 1 {
		t.Errorf("requests from %v, want one connection", got)
	}
}

// A connection of HTTP/2 that is closed when it is used again is stale, as one of HTTP/1.1 is:
// the request is repeated at once and is not counted, and the requests that follow have
// connections of their own.
func TestStaleConnectionOverHTTP2(t *testing.T) {
	t.Parallel()
	for name, protos := range map[string][]string{
		"HTTP/2 preferred": {"h2", "http/1.1"},
		"HTTP/2 only":      {"h2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests http2Requests
			tus := fake.Handler(fake.Config{Content: true})
			endpoint, doer := requests.serve(t, protos, func(conn net.Conn, isFirst bool, w http.ResponseWriter, r *http.Request) {
				if !isFirst {
					_ = conn.Close()
					return
				}
				tus.ServeHTTP(w, r)
			})
			// The policy allows one retry. A failure that counts uses it up.
			once := retry.Delays(time.Millisecond)
			c, err := client.New(client.Config{Endpoint: endpoint, Doer: doer, Retry: once, ChunkSize: 2})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			var failures []*client.Error
			res, err := c.Upload(ctx, clienttest.TextSource(t, "hello"), &client.UploadOptions{OnEvent: func(ev client.Event) {
				if e, ok := errors.AsType[*client.Error](ev.Err); ok && ev.Kind == client.EventRetry {
					failures = append(failures, e)
				}
			}})
			if err != nil || res.Offset != 5 {
				t.Fatalf("offset %d, error %v; want 5 and none", res.Offset, err)
			}
			if len(failures) != 1 || !failures[0].Stale {
				t.Errorf("failures %v, want one that is stale", failures)
			}
			// The request that failed is the only one that shares a connection.
			if got, want := requests.connections(), requests.count()-1; got != want {
				t.Errorf("%d requests over %d connections, want %d", requests.count(), got, want)
			}
		})
	}
}

// A connection that something cuts silently when it is used again, such as a firewall, is not
// used again: the requests after one that stalls have connections of their own. Over HTTP/2, a
// request that stalls ends only its stream.
func TestStallLeavesTheConnection(t *testing.T) {
	t.Parallel()
	for name, protos := range map[string][]string{"HTTP/1.1": {"http/1.1"}, "HTTP/2 only": {"h2"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testStall(t, protos)
		})
	}
}

func testStall(t *testing.T, protos []string) {
	t.Helper()
	var requests http2Requests
	tus := fake.Handler(fake.Config{Content: true})
	endpoint, doer := requests.serve(t, protos, func(_ net.Conn, isFirst bool, w http.ResponseWriter, r *http.Request) {
		if !isFirst {
			_, _ = io.Copy(io.Discard, r.Body) // the server looks for the end of the connection after the body
			<-r.Context().Done()
			return
		}
		tus.ServeHTTP(w, r)
	})
	c, err := client.New(client.Config{
		Endpoint: endpoint, Doer: doer, Retry: retry.Delays(time.Millisecond, time.Millisecond, time.Millisecond),
		StallTimeout: time.Second, FinishTimeout: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := c.Upload(ctx, clienttest.TextSource(t, "hello"), nil); err != nil {
		t.Fatal(err)
	}
	if got, want := requests.connections(), requests.count()-1; got != want {
		t.Errorf("%d requests over %d connections, want %d", requests.count(), got, want)
	}
}

// http2Requests counts the requests and connections of a server.
type http2Requests struct {
	mu   sync.Mutex
	from []string
}

type connKey struct{}

// serve starts a server with the protocols protos. isFirst is false for a request over a
// connection that has carried an earlier one.
func (h *http2Requests) serve(t *testing.T, protos []string, handle func(conn net.Conn, isFirst bool, w http.ResponseWriter, r *http.Request)) (endpoint string, doer *http.Client) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		isFirst := !slices.Contains(h.from, r.RemoteAddr)
		h.from = append(h.from, r.RemoteAddr)
		h.mu.Unlock()
		conn, ok := r.Context().Value(connKey{}).(*tls.Conn)
		if !ok {
			t.Error("the connection is unknown")
			return
		}
		handle(conn.NetConn(), isFirst, w, r)
	}))
	server.Config.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, conn)
	}
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes
	server.TLS = &tls.Config{NextProtos: protos, GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if slices.Contains(protos, "http/1.1") || slices.Contains(hello.SupportedProtos, "h2") {
			return nil, nil
		}
		// A server of package tls accepts a client without HTTP/2 unless it has neither
		// protocol.
		refusing := server.TLS.Clone()
		refusing.NextProtos = []string{"none"}
		return refusing, nil
	}}
	server.StartTLS()
	t.Cleanup(server.Close)
	doer = nethttp.New(nethttp.Config{NoProxy: true, InsecureSkipVerify: true, PreferHTTP2: true})
	t.Cleanup(doer.CloseIdleConnections)
	return server.URL + "/files/", doer
}

func (h *http2Requests) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.from)
}

func (h *http2Requests) connections() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(slices.Compact(slices.Sorted(slices.Values(h.from))))
}
