package transporttest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tusker-go/tusker/transport"
)

// RunWithCertificate checks that a Doer presents its client certificate to the
// origin of the caller only. Requests that are marked by
// [transport.WithoutCredentials], and requests after a redirect to another
// origin, must use connections that were opened without the certificate and
// that serve no other requests.
//
// NewConfig is called for each subtest. The Doer that it returns uses settings, which
// trust the servers of the suite, have a certificate, and have a session cache.
func RunWithCertificate(t *testing.T, newConfig func(t *testing.T, settings *tls.Config) Config) {
	t.Helper()
	for _, check := range []struct {
		name string
		run  func(certificateSubject)
	}{
		{"marked requests present no certificate", markedPresentsNone},
		{"redirects to another origin present no certificate", redirectPresentsNone},
		{"sessions carry no certificate to another origin", sessionCarriesNone},
	} {
		for _, own := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, own connection %t", check.name, own), func(t *testing.T) {
				c := certificateSubject{own: own}
				c.one, c.two = serveTLS(t), serveTLS(t)
				roots := x509.NewCertPool()
				roots.AddCert(c.one.Certificate())
				c.subject = newConfig(t, &tls.Config{
					RootCAs:            roots,
					Certificates:       c.one.TLS.Certificates,
					ClientSessionCache: tls.NewLRUClientSessionCache(0),
				}).subject(t)
				check.run(c)
			})
		}
	}
}

// certificateSubject is a Doer with a client certificate, and two servers that request
// one. The servers have the same host and certificate, and different ports.
type certificateSubject struct {
	subject
	own      bool // requests are marked by transport.OwnConnection
	one, two *httptest.Server
}

// serveTLS starts a server that answers with the number of certificates that
// the client presented, or redirects to the URL in the query.
func serveTLS(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.RawQuery != "" {
			w.Header().Set("Location", r.URL.RawQuery)
			w.WriteHeader(http.StatusPermanentRedirect)
			return
		}
		_, _ = fmt.Fprint(w, len(r.TLS.PeerCertificates))
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	s.StartTLS()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// want sends a request and compares the number of presented certificates with
// n.
func (c certificateSubject) want(what, url string, marked bool, n string) {
	c.t.Helper()
	ctx := c.boundedContext(c.t)
	if c.own {
		ctx = transport.OwnConnection(ctx)
	}
	if marked {
		ctx = transport.WithoutCredentials(ctx)
	}
	if got := send(c.t, c, request(ctx, c.t, http.MethodPost, url, nil)).body; got != n {
		c.t.Errorf("%s: %q certificates presented, want %s", what, got, n)
	}
}

// markedPresentsNone checks that a marked request presents no certificate, even
// if a connection with the certificate is idle, and that an unmarked request
// presents it even if a connection without it is idle.
func markedPresentsNone(c certificateSubject) {
	c.want("endpoint", c.one.URL, false, "1")
	c.want("the same origin, marked", c.one.URL, true, "0")
	c.want("endpoint again", c.one.URL, false, "1")
	c.want("another port, marked", c.two.URL, true, "0")
	c.want("another port, trusted", c.two.URL, false, "1")
}

// redirectPresentsNone checks that requests after a redirect to another origin
// present no certificate, even if they lead back to the first origin.
func redirectPresentsNone(c certificateSubject) {
	c.want("same origin", c.one.URL+"/?/", false, "1")
	c.want("another port", c.one.URL+"/?"+c.two.URL, false, "0")
	c.want("there and back", c.one.URL+"/?"+c.two.URL+"/?"+c.one.URL, false, "0")
	c.want("endpoint again", c.one.URL, false, "1")
}

// sessionCarriesNone checks that a connection does not resume a session that
// was opened with another identity.
func sessionCarriesNone(c certificateSubject) {
	for range 2 {
		c.want("endpoint", c.one.URL, false, "1")
		c.want("the same origin, marked", c.one.URL, true, "0")
		if d, ok := c.Doer.(interface{ CloseIdleConnections() }); ok {
			d.CloseIdleConnections()
		}
	}
}
