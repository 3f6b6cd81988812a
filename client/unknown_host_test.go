package client_test

import (
	"net"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// A host that does not exist is tried three times. A host that has answered before exists,
// whatever the name service of a machine says whose network is gone.
func TestUnknownHost(t *testing.T) {
	tests := map[string]struct {
		answers int // requests that reach the server first
		err     error
		want    int // requests
	}{
		"never reached":     {0, &net.DNSError{Name: "tus.example", IsNotFound: true}, 3},
		"reached before":    {1, &net.DNSError{Name: "tus.example", IsNotFound: true}, 11},
		"temporary failure": {0, &net.DNSError{Name: "tus.example", IsTemporary: true}, 10},
		"refused":           {0, &net.OpError{Op: "dial", Err: net.UnknownNetworkError("x")}, 10},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				sent := 0
				doer := transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
					if sent++; sent > test.answers {
						return nil, &url.Error{Op: req.Method, URL: req.URL.String(), Err: test.err}
					}
					return s.Doer().Do(req)
				})
				c := clienttest.NewClient(t, s, client.Config{Doer: doer, Retry: retry.Backoff{}})
				_, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
				clienttest.WantErrorIs(t, err, retry.ErrExhausted)
				if sent != test.want {
					t.Errorf("%d requests, want %d", sent, test.want)
				}
			})
		})
	}
}
