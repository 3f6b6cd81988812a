package app

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/exit"
)

// answers is a server that says who was asked.
func answers(t *testing.T, l net.Listener) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Tus-Version", "1.0.0")
		w.Header().Set("Tus-Extension", strings.TrimSuffix(r.Host, ".example"))
	}))
	if l != nil {
		_ = server.Listener.Close()
		server.Listener = l
	}
	server.Start()
	t.Cleanup(server.Close)
	return server
}

func TestProxy(t *testing.T) {
	t.Parallel()
	proxy := answers(t, nil)
	checkAsked(t, "--proxy", proxy.URL)
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "tusker") //nolint:usetesting // The path of a socket has to be short.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	l, err := new(net.ListenConfig).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Skipf("no unix sockets: %v", err)
	}
	answers(t, l)
	checkAsked(t, "--unix-socket", path)
}

func checkAsked(t *testing.T, flags ...string) {
	t.Helper()
	std, stdout, stderr := streamsFor(t)
	args := append([]string{"options", "--retries", "0", "http://nowhere.example/files/"}, flags...)
	if got := Run(t.Context(), args, std); got != exit.OK {
		t.Fatalf("code %d, want %v: %s", got, exit.OK, stderr)
	}
	if !strings.Contains(stdout.String(), "extensions  nowhere\n") {
		t.Errorf("got %s, want %q in it", stdout, "extensions  nowhere\n")
	}
}
