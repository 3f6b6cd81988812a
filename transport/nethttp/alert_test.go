package nethttp_test

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tusker-go/tusker/transport/nethttp"
)

// A server that supports only old versions of TLS is recognized in a real handshake.
func TestOldTLS(t *testing.T) {
	t.Parallel()
	for version, want := range map[uint16]bool{tls.VersionTLS10: true, tls.VersionTLS11: true, tls.VersionTLS12: false} {
		s := httptest.NewUnstartedServer(http.NotFoundHandler())
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: version} //nolint:gosec // The test is about old versions.
		s.StartTLS()
		c := nethttp.New(nethttp.Config{NoProxy: true, InsecureSkipVerify: true})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		if got := nethttp.IsOldTLS(err); got != want {
			t.Errorf("%s: result %t for %v, want %t", tls.VersionName(version), got, err, want)
		}
		c.CloseIdleConnections()
		s.Close()
	}
	if nethttp.IsOldTLS(nil) || nethttp.IsOldTLS(errors.New("reset")) {
		t.Error("another error is reported as an alert")
	}
}
