package doctor_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tusker-go/tusker/cli/internal/doctor"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// A connection to a unix socket does not leave this machine, so it needs no TLS.
func TestSocketNeedsNoTLS(t *testing.T) {
	t.Parallel()
	// The path of a socket is short.
	dir, err := os.MkdirTemp("", "d") //nolint:usetesting // That of the test is too long.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path) //nolint:noctx // It is closed at the end.
	if err != nil {
		t.Skip(err)
	}
	server := testserver.New(t, testserver.Config{MaxSize: 3 << 20})
	front := &http.Server{Handler: passing(t, server.URL()), ReadHeaderTimeout: time.Minute}
	go func() { _ = front.Serve(l) }()
	t.Cleanup(func() { _ = front.Close() })
	report := site{network: nethttp.Config{UnixSocket: path}}.run(t, "http://tus.example/files/")
	for _, f := range report.Findings {
		if f.Status != doctor.OK || f.Check == "tls" {
			t.Errorf("%+v, want Status %q and Check not %q", f, doctor.OK, "tls")
		}
	}
}
