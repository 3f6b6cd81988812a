package integration

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/integration/internal/release"
	"github.com/tusker-go/tusker/testserver"
)

// TestRelease makes a release of a copy of the working tree, and then follows README.md
// like a user with a module proxy. TUSKER_RELEASE is the version.
func TestRelease(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the test fetches modules and builds programs without the workspace")
	}
	upstream := upstreamProxy(t)
	version := cmp.Or(os.Getenv("TUSKER_RELEASE"), "v0.0.1-test")
	repo := snapshot(t)
	proxy := release.Proxy{Dir: t.TempDir()}
	tags, err := release.Cut(t.Context(), repo, version, proxy)
	if err != nil {
		t.Fatal(err)
	}
	modules, err := release.ReadModules(repo)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tags[len(tags)-1], modules.CLI.Tag(version); got != want {
		t.Errorf("the last tag is %s, want %s", got, want)
	}
	r := released{
		version: version, repo: repo, modules: modules,
		env: strangersEnv(t, proxy.URL()+","+upstream),
	}
	t.Run("protocol", r.protocol)
	t.Run("protocol and retry alone", r.alone)
	t.Run("conformance", r.conformance)
	t.Run("README, the library", r.library)
	t.Run("docs/library.md, your own transport", r.ownTransport)
	t.Run("docs/library.md, in your own tests", r.ownTests)
	t.Run("go install", r.install)
	t.Run("tidy", r.tidy)
	t.Run("packed by the go command", r.packed)
}

type released struct {
	version string
	repo    string
	modules release.Modules
	env     []string
}

// A program that only uses headers needs no other module.
func (r released) protocol(t *testing.T) {
	t.Parallel()
	s := r.stranger(t, "protocol")
	s.write("main.go", text(t, filepath.Join("testdata", "release", "protocol.go")))
	if got, want := s.run("go", "run", "."), "filename dmlkZW8ubXA0\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	s.reachesNone([]string{"net", "net/http/...", "log/...", "crypto/...", "golang.org/...", "go.uber.org/..."})
	for _, pkg := range s.list("-deps", ".") {
		if strings.HasPrefix(pkg, "github.com/") && !strings.HasPrefix(pkg, prefix+"protocol") {
			t.Errorf("built with %s", pkg)
		}
	}
}

// The modules in alone add no other module to the module graph of their users.
func (r released) alone(t *testing.T) {
	t.Parallel()
	for _, module := range alone {
		s := r.stranger(t, module)
		want := []string{"example.com/stranger", prefix + module}
		if got := s.list("-m", "-f", "{{.Path}}", "all"); !slices.Equal(got, want) {
			t.Errorf("the module graph is %q, want %q", got, want)
		}
	}
}

// The author of a server can use the conformance suite without tusd.
func (r released) conformance(t *testing.T) {
	t.Parallel()
	s := r.stranger(t, "testserver/conformance")
	s.write("conformance_test.go", text(t, filepath.Join("testdata", "release", "conformance_test.go")))
	srv := testserver.New(t, testserver.Config{})
	s.env = append(s.env, "TUS_ENDPOINT="+srv.URL())
	s.run("go", "test", "-count=1", ".")
	if srv.Count("HEAD") == 0 {
		t.Error("the server got no request")
	}
	s.reachesNone([]string{tusdPath, zapPath, retryablePath, prefix + "testserver", prefix + "client/..."})
	s.graphHasNone([]string{tusdPath, prefix + "testserver", prefix + "client"})
}

func (r released) library(t *testing.T) {
	t.Parallel()
	s := r.stranger(t, "client")
	srv := testserver.New(t, testserver.Config{})
	s.write("main.go", fill(t, program(t, "client.Path("), "http://127.0.0.1:1080/files/", srv.URL()))
	data := content(100_000)
	s.write("video.mp4", string(data))
	url := strings.TrimSpace(s.run("go", "run", "."))
	if got, err := srv.Bytes(url); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the server has %d bytes (%v) at %q, want %d", len(got), err, url, len(data))
	}
	s.reachesNone([]string{tusdPath, zapPath, retryablePath, "github.com/spf13/..."})
	s.graphHasNone([]string{tusdPath, zapPath, prefix + "testserver/...", prefix + "cli"})
}

func (r released) ownTransport(t *testing.T) {
	t.Parallel()
	s := r.stranger(t, "client")
	srv := testserver.New(t, testserver.Config{TLS: &tls.Config{}})
	s.write("ca.pem", string(srv.CACertPEM()))
	s.write("main.go", fill(t, program(t, "transport.Chain("), "/etc/ssl/company-ca.pem", "ca.pem"))
	s.run("go", "run", ".")
	s.reachesNone([]string{tusdPath, zapPath, retryablePath, "github.com/spf13/..."})
}

func (r released) ownTests(t *testing.T) {
	t.Parallel()
	s := r.stranger(t, "client", "testserver")
	s.write("upload_test.go", program(t, "testserver.New("))
	s.run("go", "test", "-count=1", ".")
	s.reachesNone([]string{zapPath, retryablePath, "github.com/spf13/..."})
}

// The version of the program comes from the module version.
func (r released) install(t *testing.T) {
	t.Parallel()
	s := r.stranger(t)
	s.env = append(s.env, "GOBIN="+s.dir)
	s.run("go", "install", prefix+"cli/cmd/tusker@"+r.version)
	tusker := filepath.Join(s.dir, "tusker")
	if runtime.GOOS == "windows" {
		tusker += ".exe"
	}
	if got := runTusker(t, tusker, "version"); !strings.Contains(got, r.version) {
		t.Errorf("tusker version printed %q, want %s in it", got, r.version)
	}
	srv := testserver.New(t, testserver.Config{})
	data := content(1000)
	s.write("elephant.txt", string(data))
	url := strings.TrimSpace(runTusker(t, tusker, "upload", srv.URL(), filepath.Join(s.dir, "elephant.txt")))
	if got, err := srv.Bytes(url); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the server has %d bytes (%v) at %q, want %d", len(got), err, url, len(data))
	}
}

// "go mod tidy" does not change go.mod and go.sum of any tag. The go.sum of the command
// line has the sums of the archives of the libraries.
func (r released) tidy(t *testing.T) {
	t.Parallel()
	for _, m := range r.modules.All() {
		s := r.stranger(t)
		clone := filepath.Join(s.dir, "clone")
		s.run("git", "clone", "-q", "-b", m.Tag(r.version), "-c", "advice.detachedHead=false", r.repo, clone)
		s.dir = filepath.Join(clone, filepath.FromSlash(m.Dir))
		s.run("go", "mod", "tidy", "-diff")
		if m == r.modules.CLI {
			s.run("go", "build", "./...")
		}
	}
}

// The go command makes the same archives from the tags, so the sums in the go.sum of the
// command line are correct for any module proxy.
func (r released) packed(t *testing.T) {
	t.Parallel()
	s := r.stranger(t)
	served := s.sums(r.modules.All(), r.version)
	s.env = append(s.env,
		"GOPROXY=direct",
		"GOMODCACHE="+t.TempDir(),
		"GIT_CONFIG_COUNT=1",
		"GIT_CONFIG_KEY_0=url.file://"+filepath.ToSlash(r.repo)+".insteadOf",
		"GIT_CONFIG_VALUE_0=https://"+strings.TrimSuffix(prefix, "/"),
	)
	if direct := s.sums(r.modules.All(), r.version); direct != served {
		t.Errorf("the go command packs\n%s\nbut the release has\n%s", direct, served)
	}
}
