package client_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// A server knows its own host only from the Host header, so its absolute Location differs
// from the endpoint if the client dials another address. It is the same server: requests go
// to the address of the endpoint, with the credentials.
func TestLocationUnderHost(t *testing.T) {
	loopback6 := ""
	if interfaces, err := net.Interfaces(); err == nil {
		for _, i := range interfaces {
			if i.Flags&net.FlagLoopback != 0 {
				loopback6 = i.Name
			}
		}
	}
	tests := map[string]struct {
		listen   string // address
		endpoint string // with PORT
		host     string // header of the caller
		redirect bool   // to the same place, by an absolute URL
		url      string // of the upload, with PORT
	}{
		"Host":                   {"127.0.0.1", "http://127.0.0.1:PORT/files/", "tus.example", false, "http://127.0.0.1:PORT/files/1"},
		"Host and port":          {"127.0.0.1", "http://127.0.0.1:PORT/files/", "tus.example:8080", false, "http://127.0.0.1:PORT/files/1"},
		"Host in capitals":       {"127.0.0.1", "http://127.0.0.1:PORT/files/", "TUS.Example", false, "http://127.0.0.1:PORT/files/1"},
		"Host outside ASCII":     {"127.0.0.1", "http://127.0.0.1:PORT/files/", "bücher.example", false, "http://127.0.0.1:PORT/files/1"},
		"Host and a redirect":    {"127.0.0.1", "http://127.0.0.1:PORT/files/", "tus.example", true, "http://127.0.0.1:PORT/files/1"},
		"zone":                   {"::1", "http://[::1%25" + loopback6 + "]:PORT/files/", "", false, "http://[::1%25" + loopback6 + "]:PORT/files/1"},
		"zone and a redirect":    {"::1", "http://[::1%25" + loopback6 + "]:PORT/files/", "", true, "http://[::1%25" + loopback6 + "]:PORT/files/1"},
		"internationalized name": {"127.0.0.1", "http://Bücher.example:PORT/files/", "", false, "http://xn--bcher-kva.example:PORT/files/1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", net.JoinHostPort(test.listen, "0"))
			if err != nil {
				t.Skip(err)
			}
			s := fake.Handler(fake.Config{})
			server := httptest.NewUnstartedServer(underHost(s, test.redirect))
			_ = server.Listener.Close()
			server.Listener = listener
			server.Start()
			defer server.Close()
			_, port, _ := net.SplitHostPort(listener.Addr().String())
			dialer := func(ctx context.Context, network, addr string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, strings.Replace(addr, "xn--bcher-kva.example", "127.0.0.1", 1))
			}
			config := client.Config{
				Endpoint: strings.Replace(test.endpoint, "PORT", port, 1),
				Header:   http.Header{"Authorization": {"Bearer t"}},
				Doer:     nethttp.New(nethttp.Config{NoProxy: true, DialContext: dialer}),
				Retry:    retry.Never,
			}
			if test.host != "" {
				config.Header.Set("Host", test.host)
			}
			c, err := client.New(config)
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseIdleConnections()
			res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.Replace(test.url, "PORT", port, 1); res.URL != want {
				t.Errorf("URL %s, want %s", res.URL, want)
			}
		})
	}
}

// underHost lets s answer requests with credentials, with absolute Locations under the Host
// of the request. With redirect, each PATCH is redirected once.
func underHost(s *fake.Server, redirect bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		base := "http://" + r.Host
		switch {
		case r.Header.Get("Authorization") != "Bearer t":
			http.Error(w, "who are you", http.StatusUnauthorized)
		case redirect && r.Method == http.MethodPatch && r.URL.RawQuery == "":
			http.Redirect(w, r, base+r.URL.Path+"?again", http.StatusTemporaryRedirect)
		case r.Method == http.MethodPost:
			fake.With("Location", base+"/files/1")(w, r, s)
		default:
			r.URL.RawQuery = ""
			s.ServeHTTP(w, r)
		}
	})
}
