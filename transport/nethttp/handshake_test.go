package nethttp_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// A peer that accepts a connection and does not answer the TLS handshake, such as a server without
// TLS, is named in the error.
func TestHandshakeWithoutAnswer(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // the system accepts the connections
	for name, ctx := range map[string]context.Context{"own connection": transport.OwnConnection(t.Context()), "shared": t.Context()} {
		t.Run(name, func(t *testing.T) {
			client := nethttp.New(nethttp.Config{TLSHandshakeTimeout: 10 * time.Millisecond})
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+l.Addr().String(), nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			if err == nil {
				_ = resp.Body.Close()
				t.Fatal("no error")
			}
			var timeout net.Error
			if !errors.As(err, &timeout) || !timeout.Timeout() || !strings.Contains(err.Error(), "TLS handshake") {
				t.Errorf("error %q, want a timeout of the TLS handshake", err)
			}
		})
	}
}
