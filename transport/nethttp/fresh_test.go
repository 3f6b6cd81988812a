package nethttp_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// Each request that is marked by FreshConnection has a connection that no other request has,
// and the server is not told.
func TestFreshConnection(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		secure, own bool
		config      nethttp.Config
		protos      []string // of the server
	}{
		"plain":                 {},
		"TLS":                   {secure: true},
		"TLS, own connection":   {secure: true, own: true, protos: []string{"h2", "http/1.1"}},
		"TLS, HTTP/1.1 only":    {secure: true, config: nethttp.Config{HTTP1Only: true}},
		"TLS, HTTP/2 preferred": {secure: true, own: true, config: nethttp.Config{PreferHTTP2: true}, protos: []string{"h2", "http/1.1"}},
		"HTTP/2 only":           {secure: true, own: true, protos: []string{"h2"}},
		"one connection a host": {config: nethttp.Config{MaxConnsPerHost: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("From", r.RemoteAddr)
				w.Header().Set("Closes", r.Header.Get("Connection"))
			}))
			if test.secure {
				srv.EnableHTTP2 = len(test.protos) > 0
				srv.TLS = &tls.Config{NextProtos: test.protos}
				if name == "HTTP/2 only" {
					srv.TLS.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
						if slices.Contains(hello.SupportedProtos, "h2") {
							return nil, nil
						}
						// A server of package tls accepts a client without HTTP/2 unless it
						// has neither protocol.
						refusing := srv.TLS.Clone()
						refusing.NextProtos = []string{"none"}
						return refusing, nil
					}
				}
				srv.StartTLS()
			} else {
				srv.Start()
			}
			t.Cleanup(srv.Close)
			test.config.InsecureSkipVerify, test.config.NoProxy = true, true
			client := nethttp.New(test.config)
			defer client.CloseIdleConnections()
			get := func(fresh bool) string {
				t.Helper()
				ctx := context.Context(t.Context())
				if test.own {
					ctx = transport.OwnConnection(ctx)
				}
				if fresh {
					ctx = transport.FreshConnection(ctx)
				}
				req, err := http.NewRequestWithContext(ctx, http.MethodPatch, srv.URL, strings.NewReader("bytes"))
				if err != nil {
					t.Fatal(err)
				}
				req.Close = fresh
				resp, err := client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				if got := resp.Header.Get("Closes"); got != "" {
					t.Errorf("the request has the header Connection: %s", got)
				}
				return resp.Header.Get("From")
			}
			kept, first, second, again := get(false), get(true), get(true), get(false)
			if kept != again {
				t.Error("the connection of other requests was closed")
			}
			if kept == first || first == second || second == kept {
				t.Errorf("connections: %s, of marked requests %s and %s", kept, first, second)
			}
		})
	}
}
