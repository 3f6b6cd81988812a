package nethttp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// ways are the kinds of connections: own ones, which nethttp opens, and shared
// ones, which net/http opens.
var ways = map[string]bool{"own": true, "shared": false}

// get sends a GET over one of the ways and returns status and protocol of the
// answer.
func get(t *testing.T, config nethttp.Config, own bool, url string) (status int, proto string, err error) {
	t.Helper()
	ctx := t.Context()
	if own {
		ctx = transport.OwnConnection(ctx)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	config.NoProxy = true
	c := nethttp.New(config)
	t.Cleanup(c.CloseIdleConnections)
	resp, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	return resp.StatusCode, resp.Proto, resp.Body.Close()
}

// S-TLS: the certificate of a server is verified, with TLS 1.2 or later, on
// each kind of connection.
func TestSecurityTLS(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	pool := loadPool(t, ca.file)
	serve := func(version uint16) string {
		s := httptest.NewUnstartedServer(http.HandlerFunc(landing))
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.TLS = &tls.Config{
			Certificates: []tls.Certificate{loadCertificate(t, ca)},
			MinVersion:   tls.VersionTLS10, MaxVersion: version,
		}
		s.StartTLS()
		t.Cleanup(s.Close)
		return s.URL
	}
	old, new12, new13 := serve(tls.VersionTLS11), serve(tls.VersionTLS12), serve(tls.VersionTLS13)
	// The dialer connects to one server for all names.
	to := func(url string) func(context.Context, string, string) (net.Conn, error) {
		return func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(url, "https://"))
		}
	}
	tests := map[string]struct {
		url    string
		config nethttp.Config
		ok     bool
	}{
		"no trusted authority":            {new13, nethttp.Config{}, false},
		"another authority":               {new13, nethttp.Config{RootCAs: loadPool(t, newAuthority(t).file)}, false},
		"another name":                    {"https://other.example/", nethttp.Config{RootCAs: pool, DialContext: to(new13)}, false},
		"name of the certificate":         {"https://tus.example/", nethttp.Config{RootCAs: pool, DialContext: to(new13)}, true},
		"another name in TLS":             {new13, nethttp.Config{RootCAs: pool, TLS: &tls.Config{ServerName: "other.example"}}, false},
		"TLS 1.1":                         {old, nethttp.Config{RootCAs: pool}, false},
		"TLS 1.1, HTTP/1.1 only":          {old, nethttp.Config{RootCAs: pool, HTTP1Only: true}, false},
		"TLS 1.1, HTTP/2 preferred":       {old, nethttp.Config{RootCAs: pool, PreferHTTP2: true}, false},
		"TLS 1.2":                         {new12, nethttp.Config{RootCAs: pool}, true},
		"TLS 1.2 is too old":              {new12, nethttp.Config{RootCAs: pool, TLS: &tls.Config{MinVersion: tls.VersionTLS13}}, false},
		"TLS 1.3":                         {new13, nethttp.Config{RootCAs: pool}, true},
		"another name of the certificate": {strings.Replace(new13, "127.0.0.1", "localhost", 1), nethttp.Config{RootCAs: pool}, true},
		"plain http to a TLS port":        {strings.Replace(new13, "https:", "http:", 1), nethttp.Config{RootCAs: pool}, false},
	}
	for name, test := range tests {
		for way, own := range ways {
			t.Run(name+", "+way, func(t *testing.T) {
				t.Parallel()
				status, _, err := get(t, test.config, own, test.url)
				if ok := err == nil && status == http.StatusOK; ok != test.ok {
					t.Errorf("status %d, error %v, want success: %t", status, err, test.ok)
				}
			})
		}
	}
}

// S-REDIRECT: a redirect leads to an http or https URL only, and never from
// https to http, even over another https server.
func TestSecurityRedirect(t *testing.T) {
	t.Parallel()
	reached := 0
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	t.Cleanup(plain.Close)
	hops := http.NewServeMux()
	// /to?URL redirects to URL.
	hops.HandleFunc("/to", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", r.URL.RawQuery)
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	secure, other := httptest.NewTLSServer(hops), httptest.NewTLSServer(hops)
	t.Cleanup(secure.Close)
	t.Cleanup(other.Close)
	for name, test := range map[string]struct {
		to string
		is error
	}{
		"http":                     {plain.URL, nethttp.ErrInsecureRedirect},
		"uppercase http":           {strings.Replace(plain.URL, "http:", "HTTP:", 1), nethttp.ErrInsecureRedirect},
		"http after two redirects": {other.URL + "/to?" + plain.URL, nethttp.ErrInsecureRedirect},
		"file":                     {"file:///etc/passwd", nethttp.ErrInvalidRedirect},
		"data":                     {"data:text/plain,x", nethttp.ErrInvalidRedirect},
		"script":                   {"javascript:alert(1)", nethttp.ErrInvalidRedirect},
		"FTP":                      {"ftp://127.0.0.1/x", nethttp.ErrInvalidRedirect},
		"no host":                  {"https:///x", nethttp.ErrInvalidRedirect},
		"malformed":                {"https://[::1/x", nethttp.ErrInvalidRedirect},
		"secrets":                  {"https://me:hush@[::1/x?sig=hush", nethttp.ErrInvalidRedirect},
	} {
		for way, own := range ways {
			t.Run(name+", "+way, func(t *testing.T) {
				status, _, err := get(t, nethttp.Config{InsecureSkipVerify: true}, own, secure.URL+"/to?"+test.to)
				if !errors.Is(err, test.is) {
					t.Errorf("status %d, error %v, want %v", status, err, test.is)
				}
				if shown := transport.RedactError(err); strings.Contains(shown.Error(), "hush") {
					t.Errorf("error %q, want no secret in it", shown)
				}
				if reached > 0 {
					t.Error("the http server was reached")
				}
			})
		}
	}
}

// S-FLOOD-HEADERS: the size of an answer's headers is limited over HTTP/1.1 and
// HTTP/2. Headers of a realistic size are accepted.
func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := map[string]int{"/few": 500 << 10, "/many": 2 << 20}[r.URL.Path]
		w.Header().Set("Upload-Concat", strings.Repeat("a", n))
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	plain := httptest.NewServer(s.Config.Handler)
	t.Cleanup(plain.Close)
	for name, base := range map[string]string{"http": plain.URL, "https": s.URL} {
		for way, own := range ways {
			for path, ok := range map[string]bool{"/few": true, "/many": false} {
				t.Run(name+" "+way+" "+path, func(t *testing.T) {
					t.Parallel()
					_, proto, err := get(t, nethttp.Config{InsecureSkipVerify: true}, own, base+path)
					if (err == nil) != ok {
						t.Errorf("protocol %q, error %v, want success: %t", proto, err, ok)
					}
					if err == nil && name == "https" && (proto == "HTTP/2.0") == own {
						t.Errorf("protocol %s, want HTTP/2.0: %t", proto, !own)
					}
				})
			}
		}
	}
}

// S-SECRET-PROXY: the error about a proxy does not contain its password.
func TestSecurityProxy(t *testing.T) {
	t.Parallel()
	u, err := url.Parse("http://me:s3cret@127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	c := nethttp.New(nethttp.Config{Proxy: u})
	t.Cleanup(c.CloseIdleConnections)
	_, _, err = do(t, c, http.MethodGet, "http://tus.example/")
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("error %v, want an error and no %q in it", err, "s3cret")
	}
}
