package integration

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// versions are the versions of HTTP over TLS.
var versions = []struct {
	name      string
	http1Only bool
	proto     string
}{
	{name: "HTTP2", proto: "HTTP/2.0"},
	{name: "HTTP1", http1Only: true, proto: "HTTP/1.1"},
}

func TestTLS(t *testing.T) {
	t.Parallel()
	mutual := &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert}
	tests := []struct {
		name   string
		server *tls.Config
		config func(*testserver.Server) nethttp.Config
	}{
		{name: "own authority", config: func(srv *testserver.Server) nethttp.Config {
			return nethttp.Config{RootCAs: srv.CertPool()}
		}},
		{name: "own settings", config: func(srv *testserver.Server) nethttp.Config {
			return nethttp.Config{TLS: &tls.Config{RootCAs: srv.CertPool(), MinVersion: tls.VersionTLS13}}
		}},
		{name: "client certificate", server: mutual, config: func(srv *testserver.Server) nethttp.Config {
			return nethttp.Config{RootCAs: srv.CertPool(), Certificates: []tls.Certificate{srv.ClientCertificate()}}
		}},
		{name: "verification off", config: func(*testserver.Server) nethttp.Config {
			return nethttp.Config{InsecureSkipVerify: true}
		}},
	}
	for _, tt := range tests {
		for _, v := range versions {
			t.Run(tt.name+" "+v.name, func(t *testing.T) {
				t.Parallel()
				srv := testserver.New(t, testserver.Config{TLS: cmp.Or(tt.server, &tls.Config{})})
				srv.Inject(patch(testserver.CutAfter(mib)))
				cfg := tt.config(srv)
				cfg.HTTP1Only, cfg.PreferHTTP2 = v.http1Only, !v.http1Only
				doer := nethttp.New(cfg)
				t.Cleanup(doer.CloseIdleConnections)

				data := content(4 * mib)
				c := newClient(t, client.Config{Endpoint: srv.URL(), Doer: doer, Retry: quick})
				res, err := c.Upload(t.Context(), readerAt(t, data), nil)
				if err != nil {
					t.Fatal(err)
				}
				checkStored(t, srv, res.URL, data)
				if got := strings.Join(requests(srv), " "); got != "POST PATCH@0 HEAD PATCH@1048576" {
					t.Errorf("requests %s", got)
				}
				for _, r := range srv.Requests() {
					if r.Proto != v.proto {
						t.Errorf("%s was sent over %s, want %s", r.Method, r.Proto, v.proto)
					}
				}
			})
		}
	}
}

// A failed handshake is not retried, because it would fail again.
func TestTLSRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		server *tls.Config
		config func(*testserver.Server) nethttp.Config
		http1  bool   // not over HTTP/2
		want   string // in the error; "": certificate
	}{
		{name: "unknown authority", config: func(*testserver.Server) nethttp.Config {
			return nethttp.Config{}
		}},
		{name: "wrong name", config: func(srv *testserver.Server) nethttp.Config {
			return nethttp.Config{RootCAs: srv.CertPool(), TLS: &tls.Config{ServerName: "tus.example"}}
		}},
		{
			// A TLS 1.3 server refuses a certificate after the handshake. Over HTTP/2,
			// the refusal may arrive before the first request. net/http then does not
			// return the reason.
			name:   "no client certificate",
			http1:  true,
			server: &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert},
			config: func(srv *testserver.Server) nethttp.Config {
				return nethttp.Config{RootCAs: srv.CertPool()}
			},
		},
		{
			name:   "no client certificate, TLS 1.2",
			server: &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, MaxVersion: tls.VersionTLS12},
			config: func(srv *testserver.Server) nethttp.Config {
				return nethttp.Config{RootCAs: srv.CertPool()}
			},
			// TLS 1.2 has no more specific alert.
			want: "handshake failure",
		},
	}
	for _, tt := range tests {
		for _, v := range versions {
			if tt.http1 && !v.http1Only {
				continue
			}
			t.Run(tt.name+" "+v.name, func(t *testing.T) {
				t.Parallel()
				srv := testserver.New(t, testserver.Config{TLS: cmp.Or(tt.server, &tls.Config{})})
				var dials atomic.Int64
				cfg := tt.config(srv)
				cfg.HTTP1Only, cfg.PreferHTTP2 = v.http1Only, !v.http1Only
				cfg.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
					dials.Add(1)
					return new(net.Dialer).DialContext(ctx, network, addr)
				}
				doer := nethttp.New(cfg)
				t.Cleanup(doer.CloseIdleConnections)
				// The policy is the default, so a retry would wait.
				c := newClient(t, client.Config{Endpoint: srv.URL(), Doer: doer})
				checkRefused(t, c, cmp.Or(tt.want, "certificate"))
				if n := dials.Load(); n != 1 {
					t.Errorf("%d connections, want 1", n)
				}
				if n := srv.Count(""); n != 0 {
					t.Errorf("%d requests, want none", n)
				}
			})
		}
	}
}

func TestTLSRefusedByEveryDoer(t *testing.T) {
	t.Parallel()
	for _, d := range doers {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			srv := testserver.New(t, testserver.Config{TLS: &tls.Config{}})
			c := newClient(t, client.Config{Endpoint: srv.URL(), Doer: d.new(t)})
			checkRefused(t, c, "certificate")
			if n := srv.Count(""); n != 0 {
				t.Errorf("%d requests, want none", n)
			}
		})
	}
}

func checkRefused(t *testing.T, c *client.Client, want string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	began := time.Now()
	res, err := c.Upload(ctx, readerAt(t, content(small)), &client.UploadOptions{OnEvent: func(ev client.Event) {
		if ev.Kind == client.EventRetry {
			t.Errorf("there is a retry after %v: %v", ev.Wait, ev.Err)
			cancel()
		}
	}})
	took := time.Since(began)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %q", err, want)
	}
	if res.Retries != 0 {
		t.Errorf("%d retries, want none", res.Retries)
	}
	// The failure takes milliseconds on an idle machine.
	if took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}
