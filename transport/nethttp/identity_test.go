package nethttp_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// An https proxy that requests a certificate gets none. The server behind it gets
// the certificate.
func TestProxyGetsNoCertificate(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	pool := loadPool(t, ca.file)
	server := serveTLS(t, ca, pool)
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "plain")
	}))
	t.Cleanup(plain.Close)
	for name, test := range map[string]struct {
		config nethttp.Config
		own    bool
		url    string
		want   string
	}{
		"own":              {nethttp.Config{}, true, server.URL, "HTTP/1.1 1"},
		"shared":           {nethttp.Config{}, false, server.URL, "HTTP/2.0 1"},
		"HTTP/2 preferred": {nethttp.Config{PreferHTTP2: true}, true, server.URL, "HTTP/2.0 1"},
		"HTTP/1.1 only":    {nethttp.Config{HTTP1Only: true}, false, server.URL, "HTTP/1.1 1"},
		"plain http":       {nethttp.Config{}, false, plain.URL, "plain"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy, presented := serveProxy(t, ca)
			c := test.config
			c.RootCAs, c.Certificates, c.Proxy = pool, []tls.Certificate{loadCertificate(t, ca)}, proxy
			client := nethttp.New(c)
			t.Cleanup(client.CloseIdleConnections)
			if got := fetch(t, client, test.own, test.url); got != test.want {
				t.Errorf("the server answers %q, want %q", got, test.want)
			}
			if n := presented.Load(); n != 0 {
				t.Errorf("the proxy got %d certificates, want 0", n)
			}
		})
	}
}

// GetClientCertificate of the caller is not called for marked requests.
func TestGetClientCertificateIsNotAsked(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, len(r.TLS.PeerCertificates))
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{loadCertificate(t, ca)}, ClientAuth: tls.RequestClientCert}
	s.StartTLS()
	t.Cleanup(s.Close)
	certificate := loadCertificate(t, ca)
	var asked atomic.Int32
	client := nethttp.New(nethttp.Config{RootCAs: loadPool(t, ca.file), TLS: &tls.Config{
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			asked.Add(1)
			return &certificate, nil
		},
	}})
	t.Cleanup(client.CloseIdleConnections)
	for _, own := range ways {
		before := asked.Load()
		req := request(t, own, s.URL)
		got := answerOf(t, client, req.WithContext(transport.WithoutCredentials(req.Context())))
		if got != "0" || asked.Load() != before {
			t.Errorf("own connection: %t, marked request: %s certificates, %d calls, want %q and no call", own, got, asked.Load()-before, "0")
		}
		if got := fetch(t, client, own, s.URL); got != "1" {
			t.Errorf("own connection: %t, %s certificates, want %q", own, got, "1")
		}
	}
}

// request returns a GET, marked by OwnConnection if own is set.
func request(t *testing.T, own bool, url string) *http.Request {
	t.Helper()
	ctx := t.Context()
	if own {
		ctx = transport.OwnConnection(ctx)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// answerOf returns the body of the answer to req.
func answerOf(t *testing.T, c *http.Client, req *http.Request) string {
	t.Helper()
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// fetch sends a request and returns the body of the answer.
func fetch(t *testing.T, c *http.Client, own bool, url string) string {
	t.Helper()
	return answerOf(t, c, request(t, own, url))
}

// serveProxy starts an https proxy that requests a certificate. presented counts
// the certificates of all requests.
func serveProxy(t *testing.T, ca *authority) (proxy *url.URL, presented *atomic.Int64) {
	t.Helper()
	presented = new(atomic.Int64)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		presented.Add(int64(len(r.TLS.PeerCertificates)))
		if r.Method == http.MethodConnect {
			tunnel(w, r)
			return
		}
		out := r.Clone(r.Context())
		out.RequestURI = ""
		resp, err := http.DefaultTransport.RoundTrip(out)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = resp.Body.Close() }()
		_, _ = io.Copy(w, resp.Body)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{loadCertificate(t, ca)}, ClientAuth: tls.RequestClientCert}
	s.StartTLS()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	u, err := url.Parse(strings.Replace(s.URL, "127.0.0.1", "localhost", 1))
	if err != nil {
		t.Fatal(err)
	}
	return u, presented
}
