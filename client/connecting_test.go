package client_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// A request that waits for a free connection has not stalled.
func TestWaitForConnectionIsNoStall(t *testing.T) {
	for name, parallel := range map[string]int{"two parts": 2, "many parts": 8} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &clienttest.SlowLink{RequestRate: 1000 * 1000}
				s := fake.New(t, fake.Config{Hook: l.Hook, MaxConns: 1})
				data := clienttest.Noise(8 << 20)
				res, err := clienttest.NewClient(t, s, client.Config{StallTimeout: 300 * time.Millisecond}).Upload(t.Context(), clienttest.PathSource(t, clienttest.WriteFile(t, data)),
					&client.UploadOptions{Parallel: parallel})
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				if res.Retries != 0 || l.Most != 1 || len(res.Parts) < 2 {
					t.Errorf("%d retries, %d connections at a time, %d parts, want Retries 0, Most 1 and at least 2 in Parts", res.Retries, l.Most, len(res.Parts))
				}
			})
		})
	}
}

// A request whose connection is never opened fails with ErrStalled, and nothing was sent.
func TestDialStalls(t *testing.T) {
	for name, most := range map[string]int{"no limit": 0, "one connection": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				end := make(chan struct{})
				d := nethttp.New(nethttp.Config{
					NoProxy: true, DialTimeout: -1, MaxConnsPerHost: most,
					DialContext: func(context.Context, string, string) (net.Conn, error) {
						<-end
						return nil, errors.New("too late")
					},
				})
				defer d.CloseIdleConnections()
				defer close(end)
				c, err := client.New(client.Config{Endpoint: "http://tus.example/files/", Doer: d, StallTimeout: time.Second, Retry: retry.Never})
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
				clienttest.WantErrorIs(t, err, client.ErrStalled)
				if took := time.Since(began); took != time.Second {
					t.Errorf("took %v, want %v", took, time.Second)
				}
				if res.Orphans != 0 || clienttest.ErrorOf(t, err).AnswerLost {
					t.Errorf("%d orphans, want Orphans 0 and AnswerLost false", res.Orphans)
				}
			})
		})
	}
}

// The stall timeout of an HTTP/2 request begins when the request has its stream.
func TestStallOverHTTP2(t *testing.T) {
	end := make(chan struct{})
	version := make(chan string, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		version <- r.Proto
		<-end
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	defer close(end)
	d := nethttp.New(nethttp.Config{NoProxy: true, PreferHTTP2: true, InsecureSkipVerify: true, MaxConnsPerHost: 1})
	defer d.CloseIdleConnections()
	c, err := client.New(client.Config{Endpoint: server.URL, Doer: d, StallTimeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = c.Head(ctx, server.URL+"/1", nil)
	clienttest.WantErrorIs(t, err, client.ErrStalled)
	if e, proto := clienttest.ErrorOf(t, err), <-version; proto != "HTTP/2.0" || !e.AnswerLost {
		t.Errorf("%s, answer lost: %t", proto, e.AnswerLost)
	}
}

// A failed handshake, or a proxy that is not reachable, leaves no upload on the server.
func TestNoConnectionNoOrphans(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	defer func() { _ = l.Close(); <-done }()
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			// This reads a part of the first message of the handshake, or of a CONNECT.
			_, _ = conn.Read(make([]byte, 10))
			_ = conn.Close()
		}
	}()
	cut := l.Addr().String()
	for name, test := range map[string]struct {
		endpoint string
		proxy    string // "": none
	}{
		"handshake":       {"https://" + cut + "/files/", ""},
		"CONNECT":         {"https://tus.example/files/", "http://" + cut},
		"TLS with proxy":  {"https://tus.example/files/", "https://" + cut},
		"socks":           {"http://tus.example/files/", "socks5://" + cut},
		"proxy not there": {"https://tus.example/files/", "http://127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			config := nethttp.Config{NoProxy: test.proxy == ""}
			if test.proxy != "" {
				config.Proxy = address(t, test.proxy)
			}
			d := nethttp.New(config)
			defer d.CloseIdleConnections()
			c, err := client.New(client.Config{Endpoint: test.endpoint, Doer: d, Retry: retry.Delays(0)})
			if err != nil {
				t.Fatal(err)
			}
			res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
			if e := clienttest.ErrorOf(t, err); e.AnswerLost || e.Class != client.ClassTransient || res.Orphans != 0 || res.Retries != 1 {
				t.Errorf("%v: class %v, answer lost: %t, %d orphans, %d retries", err, e.Class, e.AnswerLost, res.Orphans, res.Retries)
			}
		})
	}
}
