package client_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// S-ORIGIN-CERT: only the origins that get the headers get the client certificate, in uploads
// and in downloads.
func TestCertificateOrigin(t *testing.T) {
	tests := map[string]struct {
		trusted, foreign, own bool // of the origin of the Location; it is the endpoint's own
		want                  int  // certificates that it gets with each request
	}{
		"another origin": {want: 0},
		"trusted":        {trusted: true, want: 1},
		"asked for":      {foreign: true, want: 1},
		"its own":        {own: true, want: 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			endpoint, other := newCertificateServer(t), newCertificateServer(t)
			if test.own {
				other = endpoint
			}
			endpoint.location = other.URL + "/files/1"
			roots := x509.NewCertPool()
			roots.AddCert(endpoint.Certificate())
			cfg := client.Config{
				Endpoint:       endpoint.URL + "/files/",
				TrustedOrigins: clienttest.AnyOriginIf(test.foreign),
				InlineSize:     -1,
				Doer:           nethttp.New(nethttp.Config{RootCAs: roots, Certificates: endpoint.TLS.Certificates}),
			}
			if test.trusted {
				cfg.TrustedOrigins = []string{other.URL}
			}
			c, err := client.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.CloseIdleConnections)
			res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Head(t.Context(), res.URL, nil); err != nil {
				t.Fatal(err)
			}
			open := func(client.Content) (io.Writer, int64, error) { return io.Discard, 0, nil }
			if _, err := c.Download(t.Context(), res.URL, open, nil); err != nil {
				t.Fatal(err)
			}
			if got := endpoint.got(http.MethodPost); got != 1 {
				t.Errorf("POST with %d certificates, want 1", got)
			}
			for _, method := range []string{http.MethodPatch, http.MethodHead, http.MethodGet} {
				if got := other.got(method); got != test.want {
					t.Errorf("%s with %d certificates, want %d", method, got, test.want)
				}
			}
		})
	}
}

// certificateServer is a TLS server that supports as much of tus as one upload of five bytes
// needs.
type certificateServer struct {
	*httptest.Server
	location string

	mu        sync.Mutex
	presented map[string]int // certificates that came with the latest request of a method
}

func newCertificateServer(t *testing.T) *certificateServer {
	t.Helper()
	s := &certificateServer{presented: make(map[string]int)}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// got returns the number of certificates of the latest request, or -1 if there was none.
func (s *certificateServer) got(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n, ok := s.presented[method]; ok {
		return n
	}
	return -1
}

func (s *certificateServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.presented[r.Method] = len(r.TLS.PeerCertificates)
	s.mu.Unlock()
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Tus-Resumable", "1.0.0")
	switch r.Method {
	case http.MethodPost:
		w.Header().Set("Location", s.location)
		w.WriteHeader(http.StatusCreated)
	case http.MethodPatch:
		w.Header().Set("Upload-Offset", "5")
		w.WriteHeader(http.StatusNoContent)
	case http.MethodHead:
		w.Header().Set("Upload-Offset", "5")
		w.Header().Set("Upload-Length", "5")
	case http.MethodGet:
		_, _ = io.WriteString(w, "hello")
	}
}
