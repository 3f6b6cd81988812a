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
	"time"

	"github.com/tusker-go/tusker/transport"
)

// RunWithCertificate checks that a Doer with a client certificate presents it to
// the origins that it is for, and to no other one: requests that
// [transport.WithoutCredentials] marks, and all that follows a redirect to another
// origin, go over connections that were opened without it, and that serve no other
// requests.
//
// newDoer is called for each subtest. It returns a Doer that uses config, which
// trusts the servers of the suite, presents a certificate, and keeps sessions.
func RunWithCertificate(t *testing.T, newDoer func(t *testing.T, config *tls.Config) transport.Doer, opts ...Option) {
	t.Helper()
	for _, check := range []struct {
		name string
		run  func(certified)
	}{
		{"marked requests present no certificate", markedPresentsNone},
		{"redirects to another origin present no certificate", redirectPresentsNone},
		{"sessions carry no certificate to another origin", sessionCarriesNone},
	} {
		for _, own := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, own connection %t", check.name, own), func(t *testing.T) {
				c := certified{subject: subject{t: t, patience: 20 * time.Second}, own: own}
				c.one, c.two = serveTLS(t), serveTLS(t)
				roots := x509.NewCertPool()
				roots.AddCert(c.one.Certificate())
				c.Doer = newDoer(t, &tls.Config{
					RootCAs:            roots,
					Certificates:       c.one.TLS.Certificates,
					ClientSessionCache: tls.NewLRUClientSessionCache(0),
				})
				if d, ok := c.Doer.(interface{ CloseIdleConnections() }); ok {
					t.Cleanup(d.CloseIdleConnections)
				}
				for _, opt := range opts {
					opt(&c.subject)
				}
				check.run(c)
			})
		}
	}
}

// certified is a Doer with a client certificate, and two servers that ask for one.
// Both have the same host and certificate, and differ in their port.
type certified struct {
	subject
	own      bool // requests ask for connections of their own
	one, two *httptest.Server
}

// serveTLS starts a server that answers with the number of certificates that the
// client presented, or redirects to the URL in the query.
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

// want sends a request and holds the number of certificates that the server got
// against n.
func (c certified) want(what, url string, marked bool, n string) {
	c.t.Helper()
	ctx := c.bounded(c.t)
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

// markedPresentsNone: a marked request presents no certificate, also where a
// connection that was opened with it is idle, and the other way round.
func markedPresentsNone(c certified) {
	c.want("endpoint", c.one.URL, false, "1")
	c.want("the same origin, marked", c.one.URL, true, "0")
	c.want("endpoint again", c.one.URL, false, "1")
	c.want("another port, marked", c.two.URL, true, "0")
	c.want("another port, trusted", c.two.URL, false, "1")
}

// redirectPresentsNone: what a redirect to another origin leads to gets no
// certificate, even if it leads back.
func redirectPresentsNone(c certified) {
	c.want("same origin", c.one.URL+"/?/", false, "1")
	c.want("another port", c.one.URL+"/?"+c.two.URL, false, "0")
	c.want("there and back", c.one.URL+"/?"+c.two.URL+"/?"+c.one.URL, false, "0")
	c.want("endpoint again", c.one.URL, false, "1")
}

// sessionCarriesNone: a new connection does not resume the session of one that was
// opened with a certificate, or without it.
func sessionCarriesNone(c certified) {
	for range 2 {
		c.want("endpoint", c.one.URL, false, "1")
		c.want("the same origin, marked", c.one.URL, true, "0")
		if d, ok := c.Doer.(interface{ CloseIdleConnections() }); ok {
			d.CloseIdleConnections()
		}
	}
}
