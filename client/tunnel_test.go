package client_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport/nethttp"
)

func address(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// The refusal of a CONNECT by a proxy is a permanent error like the refusal of a request, and
// leaves no upload on the server.
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
			var asked atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				w.WriteHeader(test.status)
			}))
			defer server.Close()
			proxy := address(t, server.URL)
			proxy.User = url.UserPassword("me", "hush")
			d := nethttp.New(nethttp.Config{Proxy: proxy})
			defer d.CloseIdleConnections()
			c, err := client.New(client.Config{Endpoint: "https://tus.example/files/", Doer: d, Retry: retry.Delays(0)})
			if err != nil {
				t.Fatal(err)
			}
			res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
			e := clienttest.ErrorOf(t, err)
			if e.Class != test.class || e.StatusCode != 0 || e.AnswerLost || res.Orphans != 0 {
				t.Errorf("class %v, status %d, answer lost: %t, %d orphans", e.Class, e.StatusCode, e.AnswerLost, res.Orphans)
			}
			if want := int64(1 + res.Retries); asked.Load() != want || (res.Retries > 0) != (test.class == client.ClassTransient) {
				t.Errorf("asked %d times, %d retries, want %d times, with retries: %t", asked.Load(), res.Retries, want, test.class == client.ClassTransient)
			}
			for _, target := range []error{protocol.ErrProxyAuth, protocol.ErrForbidden} {
				if got := errors.Is(err, target); got != errors.Is(test.is, target) {
					t.Errorf("Is %v: %t, want %t", target, got, errors.Is(test.is, target))
				}
			}
			said := err.Error()
			if !strings.Contains(said, "proxy "+proxy.Host) || !strings.Contains(said, http.StatusText(test.status)) || strings.Contains(said, "hush") {
				t.Errorf("error %q, want %q in it, %q in it and no %q in it", said, "proxy "+proxy.Host, http.StatusText(test.status), "hush")
			}
		})
	}
}
