package nethttp_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/transport/nethttp"
)

// loadPool returns a pool of the authorities in files.
func loadPool(t *testing.T, files ...string) *x509.CertPool {
	t.Helper()
	pool, err := nethttp.LoadCertPool(files...)
	if err != nil {
		t.Fatal(err)
	}
	return pool
}

// loadCertificate returns a new certificate of ca.
func loadCertificate(t *testing.T, ca *authority) tls.Certificate {
	t.Helper()
	c, err := nethttp.LoadCertificate(ca.issue(t))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// serveTLS starts a server that answers with the protocol and the number of
// client certificates. If clients is not nil, the server requires a certificate
// of one of them.
func serveTLS(t *testing.T, ca *authority, clients *x509.CertPool) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s %d", r.Proto, len(r.TLS.PeerCertificates))
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{Certificates: []tls.Certificate{loadCertificate(t, ca)}}
	if clients != nil {
		s.TLS.ClientAuth, s.TLS.ClientCAs = tls.RequireAndVerifyClientCert, clients
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// Authorities, client certificates and protocols are those of Config.
func TestTLS(t *testing.T) {
	t.Parallel()
	ours, others := newAuthority(t), newAuthority(t)
	pool := loadPool(t, ours.file)
	open := serveTLS(t, ours, nil)
	closed := serveTLS(t, ours, pool)
	good := loadCertificate(t, ours)
	bad := loadCertificate(t, others)
	dialer := (&net.Dialer{}).DialContext

	for _, c := range []struct {
		name   string
		server *httptest.Server
		config nethttp.Config
		want   string // "": the request fails
	}{
		{"system's authorities", open, nethttp.Config{}, ""},
		{"own authority", open, nethttp.Config{RootCAs: pool}, "HTTP/2.0 0"},
		{"own authority among others", open, nethttp.Config{RootCAs: loadPool(t, others.file, ours.file)}, "HTTP/2.0 0"},
		{"own authority in TLS", open, nethttp.Config{TLS: &tls.Config{RootCAs: pool}}, "HTTP/2.0 0"},
		{"RootCAs over TLS", open, nethttp.Config{TLS: &tls.Config{RootCAs: loadPool(t, others.file)}, RootCAs: pool}, "HTTP/2.0 0"},
		{"another authority", open, nethttp.Config{RootCAs: loadPool(t, others.file)}, ""},
		{"another name", open, nethttp.Config{RootCAs: pool, TLS: &tls.Config{ServerName: "other.example"}}, ""},
		{"own dialer", open, nethttp.Config{RootCAs: pool, DialContext: dialer}, "HTTP/2.0 0"},
		{"not verified", open, nethttp.Config{InsecureSkipVerify: true}, "HTTP/2.0 0"},
		{"not verified in TLS", open, nethttp.Config{TLS: &tls.Config{InsecureSkipVerify: true}}, "HTTP/2.0 0"},
		{"HTTP/1.1 only", open, nethttp.Config{RootCAs: pool, HTTP1Only: true}, "HTTP/1.1 0"},
		{"HTTP/1.1 only, TLS offers both", open, nethttp.Config{TLS: &tls.Config{RootCAs: pool, NextProtos: []string{"h2", "http/1.1"}}, HTTP1Only: true}, "HTTP/1.1 0"},

		{"client certificate", closed, nethttp.Config{RootCAs: pool, Certificates: []tls.Certificate{good}}, "HTTP/2.0 1"},
		{"client certificate in TLS", closed, nethttp.Config{RootCAs: pool, TLS: &tls.Config{Certificates: []tls.Certificate{good}}}, "HTTP/2.0 1"},
		{"client certificates of both", closed, nethttp.Config{RootCAs: pool, TLS: &tls.Config{Certificates: []tls.Certificate{bad}}, Certificates: []tls.Certificate{good}}, "HTTP/2.0 1"},
		{"no client certificate", closed, nethttp.Config{RootCAs: pool}, ""},
		{"refused client certificate", closed, nethttp.Config{RootCAs: pool, Certificates: []tls.Certificate{bad}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, got, err := do(t, nethttp.New(c.config), http.MethodGet, c.server.URL)
			if (err != nil) != (c.want == "") || got != c.want {
				t.Errorf("answer %q, error %v; want %q", got, err, c.want)
			}
		})
	}
}

// An untrusted certificate is a tls.CertificateVerificationError.
func TestTLSUntrusted(t *testing.T) {
	t.Parallel()
	s := serveTLS(t, newAuthority(t), nil)
	_, _, err := do(t, nethttp.New(nethttp.Config{}), http.MethodGet, s.URL)
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		t.Errorf("error %v, want a tls.CertificateVerificationError", err)
	}
}

// New does not change the caller's tls.Config.
func TestTLSConfigIsNotChanged(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	s := serveTLS(t, ca, nil)
	mine := &tls.Config{Certificates: make([]tls.Certificate, 0, 8)}
	c := nethttp.New(nethttp.Config{
		TLS:                mine,
		InsecureSkipVerify: true,
		Certificates:       []tls.Certificate{loadCertificate(t, ca)},
	})
	if _, _, err := do(t, c, http.MethodGet, s.URL); err != nil {
		t.Fatal(err)
	}
	if mine.InsecureSkipVerify || len(mine.NextProtos) > 0 || len(mine.Certificates[:1][0].Certificate) > 0 {
		t.Error("the caller's tls.Config has changed")
	}
}

// Errors of loading name the file.
func TestLoadErrors(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	certFile, keyFile := ca.issue(t)
	_, otherKey := ca.issue(t)
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.pem")
	if err := os.WriteFile(empty, []byte("no PEM\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing.pem")
	pool := func(files ...string) func() error {
		return func() error { _, err := nethttp.LoadCertPool(files...); return err }
	}
	pair := func(certFile, keyFile string) func() error {
		return func() error { _, err := nethttp.LoadCertificate(certFile, keyFile); return err }
	}
	for _, c := range []struct {
		name string
		load func() error
		text string
		is   error
	}{
		{"no file is named", pool(), "no file is named", nil},
		{"missing", pool(ca.file, missing), missing, os.ErrNotExist},
		{"no certificate", pool(ca.file, empty), empty, nil},
		{"key only", pool(keyFile), keyFile, nil},
		{"missing certificate", pair(missing, keyFile), missing, os.ErrNotExist},
		{"missing key", pair(certFile, missing), missing, os.ErrNotExist},
		{"empty certificate", pair(empty, keyFile), empty, nil},
		{"key of another certificate", pair(certFile, otherKey), certFile, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.load()
			if err == nil {
				t.Fatal("no error")
			}
			if text := strings.ReplaceAll(err.Error(), `\\`, `\`); !strings.Contains(text, c.text) {
				t.Errorf("error %q does not name %q", text, c.text)
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error %v, want one that wraps %v", err, c.is)
			}
		})
	}
}
