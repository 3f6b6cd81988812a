package client_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// A proxy that refuses a tunnel is as final as one that refuses a request, and
// nothing has reached the server.
func TestTunnelRefused(t *testing.T) {
	tests := []struct {
		status int
		class  client.Class
		is     error // nil: none of ErrProxyAuth and ErrForbidden
	}{
		{302, client.ClassTransient, nil},
		{401, client.ClassFinal, nil},
		{403, client.ClassFinal, protocol.ErrForbidden},
		{404, client.ClassFinal, nil},
		{407, client.ClassFinal, protocol.ErrProxyAuth},
		{408, client.ClassTransient, nil},
		{429, client.ClassTransient, nil},
		{502, client.ClassTransient, nil},
		{503, client.ClassTransient, nil},
	}
	for _, test := range tests {
		t.Run(http.StatusText(test.status), func(t *testing.T) {
			asked := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked++
				w.WriteHeader(test.status)
			}))
			defer server.Close()
			proxy, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			proxy.User = url.UserPassword("me", "hush")
			d := nethttp.New(nethttp.Config{Proxy: proxy})
			defer d.CloseIdleConnections()
			c, err := client.New(client.Config{Endpoint: "https://tus.example/files/", Doer: d, Retry: retry.Delays(0)})
			if err != nil {
				t.Fatal(err)
			}
			res, err := c.Upload(t.Context(), text(t, "hello"), nil)
			e := facts(t, err)
			if e.Class() != test.class || e.StatusCode != 0 || e.AnswerLost() || res.Orphans != 0 {
				t.Errorf("class %v, status %d, answer lost: %t, %d orphans", e.Class(), e.StatusCode, e.AnswerLost(), res.Orphans)
			}
			if want := 1 + res.Retries; asked != want || (res.Retries > 0) != (test.class == client.ClassTransient) {
				t.Errorf("asked %d times, %d retries", asked, res.Retries)
			}
			for _, target := range []error{protocol.ErrProxyAuth, protocol.ErrForbidden} {
				if got := errors.Is(err, target); got != (target == test.is) {
					t.Errorf("Is %v: %t", target, got)
				}
			}
			said := err.Error()
			if !strings.Contains(said, "proxy "+proxy.Host) || !strings.Contains(said, http.StatusText(test.status)) || strings.Contains(said, "hush") {
				t.Errorf("error %q", said)
			}
		})
	}
}
