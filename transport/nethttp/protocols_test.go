package nethttp_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// Requests with OwnConnection do not share a connection of HTTP/2.
func TestOwnConnection(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Proto", r.Proto)
	}))
	srv.EnableHTTP2 = true
	srv.TLS = &tls.Config{NextProtos: []string{"h2", "http/1.1"}}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	for name, c := range map[string]struct {
		own  bool
		only bool
		want string
	}{
		"shared":           {false, false, "HTTP/2.0"},
		"own":              {true, false, "HTTP/1.1"},
		"HTTP/1.1 only":    {false, true, "HTTP/1.1"},
		"own and HTTP/1.1": {true, true, "HTTP/1.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := nethttp.New(nethttp.Config{InsecureSkipVerify: true, NoProxy: true, HTTP1Only: c.only})
			defer client.CloseIdleConnections()
			ctx := t.Context()
			if c.own {
				ctx = transport.OwnConnection(ctx)
			}
			// The second request could use the connection of the first one.
			for range 2 {
				req, err := http.NewRequestWithContext(ctx, http.MethodHead, srv.URL, nil)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				if resp.TLS == nil || !resp.TLS.HandshakeComplete {
					t.Error("the answer has no TLS state")
				}
				if got := resp.Header.Get("Proto"); got != c.want {
					t.Errorf("got protocol %s, want %s", got, c.want)
				}
			}
		})
	}
}

// A server without HTTP/1.1 gets requests over HTTP/2.
func TestOwnConnectionHTTP2Only(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		w.Header().Set("Got", fmt.Sprint(r.Proto, " ", n, " ", err))
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	// Go's server accepts clients without HTTP/2, so this configuration refuses
	// them.
	certificates := srv.TLS.Certificates
	srv.TLS.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if slices.Contains(hello.SupportedProtos, "h2") {
			return nil, nil
		}
		return &tls.Config{Certificates: certificates, NextProtos: []string{"none"}}, nil
	}
	t.Cleanup(srv.Close)
	client := nethttp.New(nethttp.Config{InsecureSkipVerify: true, NoProxy: true})
	defer client.CloseIdleConnections()
	for range 2 {
		req, err := http.NewRequestWithContext(transport.OwnConnection(t.Context()), http.MethodPatch, srv.URL, bytes.NewReader([]byte("hello")))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := resp.Header.Get("Got"); got != "HTTP/2.0 5 <nil>" {
			t.Errorf("the server got %s, want %q", got, "HTTP/2.0 5 <nil>")
		}
	}
}

// Bodies of any size arrive completely, with and without a Content-Length.
func TestOwnConnectionBodies(t *testing.T) {
	t.Parallel()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		_, _ = io.Copy(h, r.Body)
		w.Header().Set("Sum", fmt.Sprintf("%x", h.Sum(nil)))
	}))
	t.Cleanup(srv.Close)
	client := nethttp.New(nethttp.Config{InsecureSkipVerify: true, NoProxy: true})
	defer client.CloseIdleConnections()
	for _, size := range []int{0, 1, 16 << 10, 32<<10 - 1, 32 << 10, 32<<10 + 1, 128<<10 + 1, 1<<20 + 3, 9 << 20} {
		for _, stated := range []bool{true, false} {
			data := bytes.Repeat([]byte("elephants"), size/9+1)[:size]
			var body io.Reader = bytes.NewReader(data)
			if !stated {
				body = struct{ io.Reader }{body}
			}
			req, err := http.NewRequestWithContext(transport.OwnConnection(t.Context()), http.MethodPatch, srv.URL, body)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if want := fmt.Sprintf("%x", sha256.Sum256(data)); resp.Header.Get("Sum") != want {
				t.Errorf("%d bytes, length announced: %t: the stored bytes differ", size, stated)
			}
		}
	}
}
