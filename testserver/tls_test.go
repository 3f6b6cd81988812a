package testserver_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/tusker-go/tusker/testserver"
)

// clientWith returns a client with these TLS settings.
func clientWith(t *testing.T, config *tls.Config) *http.Client {
	t.Helper()
	tr := &http.Transport{TLSClientConfig: config}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// Clients that trust the server's authority can connect.
func TestTLS(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{TLS: &tls.Config{}})

	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(s.CACertPEM()) {
		t.Fatal("CACertPEM holds no certificate")
	}
	for name, roots := range map[string]*x509.CertPool{"CertPool": s.CertPool(), "CACertPEM": pool} {
		mustDo(t, http.StatusOK, clientWith(t, &tls.Config{RootCAs: roots}), http.MethodOptions, s.URL(), nil)
		if got := last(t, s).Proto; got != "HTTP/1.1" {
			t.Errorf("%s: got %s, want HTTP/1.1", name, got)
		}
	}

	_, err := do(t.Context(), clientWith(t, &tls.Config{}), http.MethodOptions, s.URL(), nil)
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); !ok {
		t.Errorf("without the authority: got %v, want an unknown authority", err)
	}
}

// The server accepts client certificates of its authority.
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{
		TLS: &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert},
	})
	fromPEM, err := tls.X509KeyPair(s.ClientCertificatePEM())
	if err != nil {
		t.Fatal(err)
	}
	other := testserver.New(t, testserver.Config{TLS: &tls.Config{}})
	for _, tt := range []struct {
		name  string
		certs []tls.Certificate
		ok    bool
	}{
		{"no certificate", nil, false},
		{"certificate of the server's authority", []tls.Certificate{s.ClientCertificate()}, true},
		{"the same from PEM", []tls.Certificate{fromPEM}, true},
		{"certificate of another authority", []tls.Certificate{other.ClientCertificate()}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := clientWith(t, &tls.Config{RootCAs: s.CertPool(), Certificates: tt.certs})
			_, err := do(t.Context(), c, http.MethodOptions, s.URL(), nil)
			if got := err == nil; got != tt.ok {
				t.Errorf("got error %v, want success: %v", err, tt.ok)
			}
		})
	}
	// The server's own client presents its certificate.
	create(t, s, 10)
}

// Certificates, authorities and settings of Config.TLS are used and not
// changed.
func TestCallerTLSConfig(t *testing.T) {
	t.Parallel()
	other := testserver.New(t, testserver.Config{TLS: &tls.Config{}})
	clients := other.CertPool()
	config := &tls.Config{
		Certificates: []tls.Certificate{other.ClientCertificate()},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    clients,
		MinVersion:   tls.VersionTLS13,
	}
	s := testserver.New(t, testserver.Config{TLS: config})
	c := clientWith(t, &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // The certificate is compared below.
		Certificates:       []tls.Certificate{other.ClientCertificate()},
		VerifyConnection: func(state tls.ConnectionState) error {
			if got := state.PeerCertificates[0].Subject.CommonName; got != "tusker test client" {
				t.Errorf("got certificate %q, want the caller's", got)
			}
			return nil
		},
	})
	mustDo(t, http.StatusOK, c, http.MethodOptions, s.URL(), nil)
	if config.NextProtos != nil || config.ClientCAs != clients || len(config.Certificates) != 1 {
		t.Error("the caller's settings were changed")
	}
}

// Without TLS, there are no certificates.
func TestWithoutTLS(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	create(t, s, 10)
	if s.CertPool() != nil || s.CACertPEM() != nil || s.ClientCertificate().Certificate != nil {
		t.Error("got certificates, want none")
	}
	if cert, key := s.ClientCertificatePEM(); cert != nil || key != nil {
		t.Error("got PEM, want none")
	}
}

// Close does not wait for a failed handshake.
func TestCloseAfterRefusedHandshake(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{TLS: &tls.Config{}})
	if _, err := do(t.Context(), clientWith(t, &tls.Config{}), http.MethodOptions, s.URL(), nil); err == nil {
		t.Fatal("the request succeeded, want an error")
	}
	start := time.Now()
	s.Close()
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("Close took %v, want at most %v", took, 5*time.Second)
	}
}
