package testserver_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

var _ testserver.TB = testing.TB(nil)

// failedTB is a test that New fails.
type failedTB struct{ message string }

func (*failedTB) Helper()                         {}
func (*failedTB) Cleanup(func())                  {}
func (tb *failedTB) Fatalf(f string, args ...any) { tb.message = fmt.Sprintf(f, args...) }

// Start and New report an invalid Config.
func TestStartErrors(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		cfg  testserver.Config
		want string
	}{
		{"address", testserver.Config{Addr: "127.0.0.1:none"}, "unknown port"},
		{"folder that is a file", testserver.Config{Dir: file}, "not a directory"},
		{"base path that is a URL", testserver.Config{BasePath: "http://tus.test/"}, "want a path"},
		{"base path with a query", testserver.Config{BasePath: "/files?x"}, "want a path"},
		{"negative maximum size", testserver.Config{MaxSize: -1}, "max size -1"},
		{"TLS over a Network", testserver.Config{TLS: &tls.Config{}, Network: testserver.NewNetwork()}, "TLS over a Network"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := testserver.Start(tt.cfg)
			if err == nil {
				s.Close()
				t.Fatal("Start succeeded, want an error")
			}
			if !strings.HasPrefix(err.Error(), "testserver: start: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, want it to contain %q", err, tt.want)
			}
			tb := new(failedTB)
			if s := testserver.New(tb, tt.cfg); s != nil || tb.message != err.Error() {
				t.Errorf("New: got %q, want %q", tb.message, err)
			}
		})
	}
}

// URL returns the endpoint for each kind of Config.
func TestURL(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		cfg          testserver.Config
		prefix, path string
	}{
		{"default", testserver.Config{}, "http://127.0.0.1:", "/files/"},
		{"TLS", testserver.Config{TLS: &tls.Config{}}, "https://127.0.0.1:", "/files/"},
		{"all addresses", testserver.Config{Addr: ":0"}, "http://127.0.0.1:", "/files/"},
		{"root", testserver.Config{BasePath: "/"}, "http://127.0.0.1:", "/"},
		{"base path without slashes", testserver.Config{BasePath: "a/b"}, "http://127.0.0.1:", "/a/b/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, tt.cfg)
			if got := s.URL(); !strings.HasPrefix(got, tt.prefix) || !strings.HasSuffix(got, tt.path) {
				t.Errorf("got %s, want %s…%s", got, tt.prefix, tt.path)
			}
			url := create(t, s, 10)
			if !strings.HasPrefix(url, s.URL()) {
				t.Errorf("got upload %s, want it below %s", url, s.URL())
			}
			finish(t, s, url, content(10))
		})
	}
}

// The path without its last slash is not redirected, because a redirect would
// turn the POST into a GET.
func TestBasePathWithoutSlash(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	bare := strings.TrimSuffix(s.URL(), "/")
	mustDo(t, http.StatusCreated, s.Client(), http.MethodPost, bare, nil, protocol.HeaderUploadLength, "1")
	mustDo(t, http.StatusNotFound, s.Client(), http.MethodPost, bare+"x/", nil, protocol.HeaderUploadLength, "1")
}

// OPTIONS announces the extensions that Config leaves enabled.
func TestCapabilities(t *testing.T) {
	t.Parallel()
	all := []protocol.Extension{
		protocol.ExtensionCreation, protocol.ExtensionCreationWithUpload, protocol.ExtensionTermination,
		protocol.ExtensionConcatenation, protocol.ExtensionCreationDeferLength,
	}
	for _, tt := range []struct {
		name string
		cfg  testserver.Config
		want protocol.Capabilities
	}{
		{"all extensions", testserver.Config{}, protocol.Capabilities{Extensions: all}},
		{
			"no optional extension",
			testserver.Config{DisableConcatenation: true, DisableTermination: true, DisableDeferLength: true},
			protocol.Capabilities{Extensions: all[:2]},
		},
		{"maximum size", testserver.Config{MaxSize: 10}, protocol.Capabilities{Extensions: all, MaxSize: protocol.Known(10)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, tt.cfg)
			r := mustDo(t, http.StatusOK, s.Client(), http.MethodOptions, s.URL(), nil)
			got, err := protocol.ParseCapabilities(r.header)
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Versions = []string{protocol.Version}
			if diff := cmp.Diff(tt.want, got, cmp.Comparer(func(a, b protocol.Length) bool { return a == b })); diff != "" {
				t.Errorf("capabilities (-want +got):\n%s", diff)
			}
		})
	}
}

// An upload larger than MaxSize is refused.
func TestMaxSize(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{MaxSize: 10})
	finish(t, s, create(t, s, 10), content(10))
	mustDo(t, http.StatusRequestEntityTooLarge, s.Client(), http.MethodPost, s.URL(), nil, protocol.HeaderUploadLength, "11")
}

// Location follows X-Forwarded headers with TrustForwarded only.
func TestTrustForwarded(t *testing.T) {
	t.Parallel()
	for trust, want := range map[bool]string{true: "https://tus.test/files/", false: "http://127.0.0.1:"} {
		s := testserver.New(t, testserver.Config{TrustForwarded: trust})
		url := create(t, s, 10, "X-Forwarded-Host", "tus.test", "X-Forwarded-Proto", "https")
		if !strings.HasPrefix(url, want) {
			t.Errorf("trust %v: got %s, want %s…", trust, url, want)
		}
	}
}

// Wrap is called before the faults, and its answers are in the request log.
func TestWrap(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, password, _ := r.BasicAuth(); password != "secret" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}})
	s.Inject(testserver.Fault{Do: testserver.Status(http.StatusTeapot, nil, "")})
	for _, want := range []struct {
		auth   string
		status int
	}{{"", 401}, {"Basic OnNlY3JldA==", 418}, {"Basic OnNlY3JldA==", 201}} {
		mustDo(t, want.status, s.Client(), http.MethodPost, s.URL(), nil,
			protocol.HeaderUploadLength, "1", "Authorization", want.auth)
		if got := last(t, s).Status; got != want.status {
			t.Errorf("got status %d in the log, want %d", got, want.status)
		}
	}
}

// Close removes a temporary folder and keeps the caller's folder.
func TestClose(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kept := testserver.New(t, testserver.Config{Dir: filepath.Join(dir, "missing", "folder")})
	url := create(t, kept, 10)
	path, err := kept.Path(url)
	if err != nil {
		t.Fatal(err)
	}
	temp := testserver.New(t, testserver.Config{})
	tempPath, err := temp.Path(create(t, temp, 10))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*testserver.Server{kept, temp} {
		s.Close()
		s.Close()
		if _, err := do(t.Context(), s.Client(), http.MethodOptions, s.URL(), nil); err == nil {
			t.Error("Close did not end the server")
		}
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("stat the folder of the caller: %v", err)
	}
	if _, err := os.Stat(filepath.Dir(tempPath)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("temporary folder: got %v, want fs.ErrNotExist", err)
	}

	// A new server serves the kept uploads.
	again := testserver.New(t, testserver.Config{Dir: filepath.Dir(path)})
	urls, err := again.Uploads()
	if err != nil || len(urls) != 1 {
		t.Fatalf("got uploads %v, error %v; want one", urls, err)
	}
	finish(t, again, urls[0], content(10))
}

// A connection without a request does not delay Close.
func TestCloseWithIdleConnection(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimSuffix(strings.TrimPrefix(s.URL(), "http://"), "/files/"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	s.Close()
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("got a byte, want the connection closed")
	}
}
