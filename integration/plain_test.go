package integration

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// A plain http.Client lacks some guarantees of nethttp. The upload ends in the same
// error with both, but the plain client sends data that it should not send.
func TestPlainClient(t *testing.T) {
	t.Parallel()
	kept := nethttp.New(nethttp.Config{})
	t.Cleanup(kept.CloseIdleConnections)
	const secret = "Apikey"
	tests := []struct {
		name      string
		doer      transport.Doer
		status    int
		elsewhere []string // methods and secrets that the other origin sees
	}{
		{name: "http.DefaultClient turns POST into GET", doer: http.DefaultClient, status: http.StatusFound, elsewhere: []string{"GET s3cret"}},
		{name: "nethttp stops", doer: kept, status: http.StatusFound},
		{name: "http.DefaultClient sends headers to another origin", doer: http.DefaultClient, status: http.StatusTemporaryRedirect, elsewhere: []string{"POST s3cret"}},
		{name: "nethttp does not send them", doer: kept, status: http.StatusTemporaryRedirect, elsewhere: []string{"POST "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var seen []string
			other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				seen = append(seen, r.Method+" "+r.Header.Get(secret))
				w.WriteHeader(http.StatusForbidden)
			}))
			t.Cleanup(other.Close)
			first := httptest.NewServer(http.RedirectHandler(other.URL, tt.status))
			t.Cleanup(first.Close)

			c := newClient(t, client.Config{
				Endpoint: first.URL,
				Doer:     tt.doer,
				Header:   http.Header{secret: {"s3cret"}},
			})
			_, err := c.Upload(t.Context(), readerAt(t, content(1)), nil)
			if err == nil {
				t.Fatal("no error")
			}
			if got := errors.Is(err, client.ErrRedirected); got != (tt.status == http.StatusFound) {
				t.Errorf("error %v wraps ErrRedirected: %v", err, got)
			}
			mu.Lock()
			defer mu.Unlock()
			if diff := cmp.Diff(tt.elsewhere, seen); diff != "" {
				t.Errorf("the other origin saw (-want +got):\n%s", diff)
			}
		})
	}
}
