package integration

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/testserver"
)

// TestAction runs the script of the GitHub Action as a runner does: with its inputs as
// variables, with files for its outputs, and with a server of releases.
func TestAction(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the runner of the test is one with Linux")
	}
	for _, tool := range []string{"bash", "curl", "jq", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, tool+" is not on this machine")
		}
	}
	archive := releaseArchive(t)
	t.Run("uploads", func(t *testing.T) { t.Parallel(); actionUploads(t, newAction(t, archive)) })
	t.Run("macOS", func(t *testing.T) { t.Parallel(); actionUploads(t, newActionOnMacOS(t, archive)) })
	t.Run("Windows", func(t *testing.T) { t.Parallel(); actionUploads(t, newActionOnWindows(t)) })
	t.Run("hides secrets", func(t *testing.T) { t.Parallel(); actionHides(t, archive) })
	t.Run("runs no command from an input", func(t *testing.T) { t.Parallel(); actionIsSafe(t, archive) })
	t.Run("runs no workflow command of others", func(t *testing.T) { t.Parallel(); actionIsQuiet(t, archive) })
	t.Run("refuses a changed archive", func(t *testing.T) { t.Parallel(); actionChecks(t, archive) })
	t.Run("reports what was sent before a failure", func(t *testing.T) { t.Parallel(); actionFails(t, archive) })
	t.Run("reports what was sent before a kill", func(t *testing.T) { t.Parallel(); actionIsKilled(t) })
	t.Run("names what is missing", func(t *testing.T) { t.Parallel(); actionMisses(t, archive) })
}

const actionVersion = "v0.1.0"

func actionUploads(t *testing.T, a *action) {
	t.Helper()
	srv := testserver.New(t, testserver.Config{})
	a.input("ENDPOINT", srv.URL())
	a.input("PATH", a.file("one two.txt", "first")+"\n"+a.file("three.txt", "second")+"\n")
	a.input("ARGS", "--concurrency=1\n--metadata=note=a b; c")
	if out, err := a.run(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	urls := strings.Fields(a.output("urls"))
	if len(urls) != 2 {
		t.Fatalf("the output urls is %q, want 2 URLs", urls)
	}
	for i, want := range []string{"first", "second"} {
		if got, err := srv.Bytes(urls[i]); err != nil || string(got) != want {
			t.Errorf("the server has %q (%v), want %q", got, err, want)
		}
	}
	events := a.events()
	if got, want := strings.Join(events, " "), "done done summary"; got != want {
		t.Errorf("the output results has the events %q, want %q", got, want)
	}
}

// The token reaches the server. The log of a run hides it, because the runner is told to do so
// before anything else is printed.
func actionHides(t *testing.T, archive []byte) {
	t.Helper()
	const token, key = "to%ken-of-the-test", "key-of-the-test"
	var authorization, apiKey string
	gate := func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			authorization, apiKey = r.Header.Get("Authorization"), r.Header.Get("X-Api-Key")
		}
		w.WriteHeader(http.StatusForbidden)
	}
	srv := httptest.NewServer(http.HandlerFunc(gate))
	a := newAction(t, archive)
	a.input("ENDPOINT", srv.URL)
	a.input("PATH", a.file("a.txt", "a"))
	a.input("TOKEN", " "+token+"\n")
	a.input("HEADER", "X-Api-Key:  "+key+" \r\nX-Other: other-key")
	out, err := a.run()
	srv.Close()
	if err == nil {
		t.Errorf("the script succeeded:\n%s", out)
	}
	if authorization != "Bearer "+token || apiKey != key {
		t.Errorf("the server got %q and %q", authorization, apiKey)
	}
	want := "::add-mask::to%25ken-of-the-test\n::add-mask::X-Api-Key:  " + key + "\n::add-mask::" + key +
		"\n::add-mask::X-Other: other-key\n::add-mask::other-key\n"
	rest, found := strings.CutPrefix(out, want)
	if !found || strings.Contains(rest, token) || strings.Contains(rest, key) {
		t.Errorf("the script printed\n%s\nwant that it begins with\n%s\nand has no secret afterwards", out, want)
	}
}

func actionIsSafe(t *testing.T, archive []byte) {
	t.Helper()
	srv := testserver.New(t, testserver.Config{})
	a := newAction(t, archive)
	// The commands would create files in the folder of the run.
	const evil = `a"; touch pwned; $(touch pwned) ` + "`touch pwned`" + ` 'b.txt`
	a.input("ENDPOINT", srv.URL())
	a.input("PATH", a.file(evil, "evil"))
	a.input("ARGS", "--metadata=note="+evil)
	if out, err := a.run(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got, err := srv.Bytes(strings.TrimSpace(a.output("urls"))); err != nil || string(got) != "evil" {
		t.Errorf("the server has %q (%v)", got, err)
	}
	for _, version := range []string{"v0.1.0/../../evil", "v0.1.0; touch pwned", "$(touch pwned)", "latest", ""} {
		a.input("VERSION", version)
		if out, err := a.run(); err == nil || !strings.Contains(out, "::error::the version") {
			t.Errorf("version %q: %v, printed %q", version, err, out)
		}
	}
	if _, err := os.Stat(filepath.Join(a.dir, "pwned")); err == nil {
		t.Error("a command in an input was run")
	}
}

// Names of files and answers of servers look like workflow commands. The runner interprets only
// those of the script.
func actionIsQuiet(t *testing.T, archive []byte) {
	t.Helper()
	const command = "##[add-mask]a"
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("no\n::add-mask::b\r::add-mask::c " + command))
	}))
	t.Cleanup(srv.Close)
	a := newAction(t, archive)
	a.input("ENDPOINT", srv.URL)
	a.input("PATH", a.file(command, "x")+"\n"+a.file("::add-mask::d", "x")+"\n"+a.file("e\r::add-mask::f", "x"))
	a.input("TOKEN", "secret")
	a.input("ARGS", "-v")
	out, err := a.run()
	if err == nil || !strings.Contains(out, command) {
		t.Errorf("the script printed no name of a file: %v\n%s", err, out)
	}
	if got, want := workflowCommands(out), []string{"add-mask secret", "stop-commands", "error tusker upload ended with exit code 3"}; !slices.Equal(got, want) {
		t.Errorf("the runner does %q, want %q; the script printed\n%s", got, want, out)
	}
	a.input("RELEASES", "http://user:password@127.0.0.1:1/\n::add-mask::g")
	out, _ = a.run()
	if got, want := workflowCommands(out), []string{
		"add-mask secret", "stop-commands", "error cannot download " + actionArchive() + " of " + actionVersion,
	}; !slices.Equal(got, want) || strings.Contains(out, "password") {
		t.Errorf("the runner does %q, want %q; the script printed\n%s", got, want, out)
	}
}

// workflowCommands returns the commands that a runner finds in the log of a run, with their data.
// A command begins with :: at the start of a line or with ##[ anywhere.
func workflowCommands(out string) []string {
	var found []string
	paused := ""
	for line := range strings.FieldsFuncSeq(out, func(r rune) bool { return r == '\n' || r == '\r' }) {
		name, data, isCommand := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "::"), "::")
		if !strings.HasPrefix(strings.TrimSpace(line), "::") {
			_, rest, _ := strings.Cut(line, "##[")
			name, data, isCommand = strings.Cut(rest, "]")
		}
		switch {
		case paused != "":
			if name == paused {
				paused = ""
			}
		case isCommand && name == "stop-commands":
			paused = data
			found = append(found, name)
		case isCommand:
			found = append(found, name+" "+data)
		}
	}
	return found
}

// A program that is killed leaves half a line.
func actionIsKilled(t *testing.T) {
	t.Helper()
	const script = "#!/bin/sh\necho '{\"event\":\"done\",\"url\":\"http://a.test/1\"}'\nprintf '{\"event\":\"do'\nkill -KILL $$\n"
	a := newAction(t, archiveOf(t, "tusker", []byte(script)))
	a.input("ENDPOINT", "http://a.test/")
	a.input("PATH", "a.txt")
	out, err := a.run()
	if err == nil || !strings.Contains(out, "::error::tusker upload ended with exit code 137") {
		t.Errorf("the script ended with %v and printed\n%s", err, out)
	}
	if got := a.output("urls"); got != "http://a.test/1" {
		t.Errorf("the output urls is %q", got)
	}
}

func actionMisses(t *testing.T, archive []byte) {
	t.Helper()
	for _, tt := range []struct{ name, os, arch, path, want string }{
		{"platform", "Plan9", "X64", "a.txt", "there is no release for Plan9"},
		{"architecture", "Linux", "X86", "a.txt", "there is no release for X86"},
		{"release", "macOS", "ARM64", "a.txt", "cannot download tusker_0.1.0_darwin_arm64.tar.gz of v0.1.0"},
		{"path", "Linux", "", "\r\n\n", "the path is empty"},
	} {
		a := newAction(t, archive)
		a.os, a.arch = tt.os, cmp.Or(tt.arch, a.arch)
		a.input("ENDPOINT", "http://a.test/")
		a.input("PATH", tt.path)
		if out, err := a.run(); err == nil || !strings.HasSuffix(out, "\n::error::"+tt.want+"\n") {
			t.Errorf("without a %s: %v, printed\n%s\nwant the error %q", tt.name, err, out, tt.want)
		}
	}
	a := newAction(t, archiveOf(t, "other", nil))
	a.input("ENDPOINT", "http://a.test/")
	a.input("PATH", "a.txt")
	if out, err := a.run(); err == nil || !strings.HasSuffix(out, "\n::error::"+actionArchive()+" has no tusker\n") {
		t.Errorf("without the program: %v, printed\n%s", err, out)
	}
}

func actionChecks(t *testing.T, archive []byte) {
	t.Helper()
	srv := testserver.New(t, testserver.Config{})
	a := newAction(t, archive)
	a.input("ENDPOINT", srv.URL())
	a.input("PATH", a.file("a.txt", "a"))
	a.input("SHA256", strings.Repeat("0", 64))
	if out, err := a.run(); err == nil || !strings.Contains(out, "has the SHA-256") {
		t.Errorf("another checksum: %v, printed %q", err, out)
	}
	a.input("SHA256", "")
	a.sums = strings.Repeat("0", 64) + "  " + actionArchive() + "\n"
	if out, err := a.run(); err == nil || !strings.Contains(out, "has the SHA-256") {
		t.Errorf("another checksum in the list: %v, printed %q", err, out)
	}
	a.sums = ""
	if out, err := a.run(); err == nil || !strings.Contains(out, "no checksum") {
		t.Errorf("an empty list: %v, printed %q", err, out)
	}
	if n := srv.Count(http.MethodPost); n > 0 {
		t.Errorf("the server got %d POST requests from an archive that was not checked", n)
	}
	// Some programs write a checksum in capitals.
	a.input("SHA256", fmt.Sprintf(" %X\r\n", sha256.Sum256(archive)))
	if out, err := a.run(); err != nil {
		t.Errorf("the right checksum: %v, printed %q", err, out)
	}
}

func actionFails(t *testing.T, archive []byte) {
	t.Helper()
	srv := testserver.New(t, testserver.Config{})
	a := newAction(t, archive)
	a.input("ENDPOINT", srv.URL())
	a.input("PATH", a.file("a.txt", "a")+"\n"+filepath.Join(a.dir, "missing.txt"))
	a.input("ARGS", "--concurrency=1")
	out, err := a.run()
	if err == nil || !strings.Contains(out, "::error::tusker upload ended with exit code ") {
		t.Errorf("a missing file: %v, printed\n%s", err, out)
	}
	events := strings.Join(a.events(), " ")
	if len(strings.Fields(a.output("urls"))) != strings.Count(events, "done") {
		t.Errorf("urls is %q, but the events are %q", a.output("urls"), events)
	}
}

// action is a run of the script.
type action struct {
	*testing.T
	dir    string
	inputs map[string]string
	// os and arch are the names that the runner has for its platform.
	os, arch string
	// tools is the PATH.
	tools string
	// sums is the list of checksums of the release.
	sums string
}

func newAction(t *testing.T, archive []byte) *action {
	t.Helper()
	a := newActionFor(t, actionArchive(), archive)
	a.os, a.tools = "Linux", os.Getenv("PATH")
	a.arch = map[string]string{"amd64": "X64", "arm64": "ARM64"}[runtime.GOARCH]
	return a
}

// newActionOnMacOS returns a run with the tools that the script needs on macOS, which has no
// sha256sum. The program in the archive is one for Linux.
func newActionOnMacOS(t *testing.T, archive []byte) *action {
	t.Helper()
	a := newActionFor(t, "tusker_0.1.0_darwin_arm64.tar.gz", archive)
	a.os, a.arch = "macOS", "ARM64"
	a.only("shasum", "tar", "gzip")
	return a
}

// newActionOnWindows returns a run with the tools that the script needs on Windows. The program
// in the archive is one for Linux with the name that it has on Windows.
func newActionOnWindows(t *testing.T) *action {
	t.Helper()
	a := newActionFor(t, "tusker_0.1.0_windows_amd64.zip", releaseZip(t))
	a.os, a.arch = "Windows", "X64"
	a.only("sha256sum", "unzip")
	return a
}

// only restricts the PATH to the tools that all platforms have, and more.
func (a *action) only(more ...string) {
	a.Helper()
	a.tools = a.TempDir()
	for _, tool := range append(more, "bash", "curl", "jq", "awk", "cut", "mktemp", "od", "rm", "tr") {
		path, err := exec.LookPath(tool)
		if err != nil {
			missing(a.T, tool+" is not on this machine")
		}
		if err := os.Symlink(path, filepath.Join(a.tools, tool)); err != nil {
			a.Fatal(err)
		}
	}
}

// newActionFor returns a run with a server that has the archive under a name.
func newActionFor(t *testing.T, name string, archive []byte) *action {
	t.Helper()
	a := &action{T: t, dir: t.TempDir()}
	a.sums = fmt.Sprintf("%x  %s\n", sha256.Sum256(archive), name)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /"+actionVersion+"/checksums.txt", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(a.sums))
	})
	mux.HandleFunc("GET /"+actionVersion+"/"+name, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(archive)
	})
	releases := httptest.NewServer(mux)
	t.Cleanup(releases.Close)
	a.inputs = map[string]string{"VERSION": actionVersion, "RELEASES": releases.URL}
	return a
}

func (a *action) input(name, value string) { a.inputs[name] = value }

// file creates a file and returns its path.
func (a *action) file(name, text string) string {
	a.Helper()
	path := filepath.Join(a.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		a.Fatal(err)
	}
	return path
}

// run returns what the script prints into the log of a run.
func (a *action) run() (string, error) {
	a.Helper()
	script, err := filepath.Abs(filepath.Join("..", ".github", "actions", "upload", "upload.sh"))
	if err != nil {
		a.Fatal(err)
	}
	cmd := exec.CommandContext(a.Context(), script)
	cmd.Dir = a.dir
	cmd.Env = []string{
		"PATH=" + a.tools, "HOME=" + a.dir,
		"RUNNER_OS=" + a.os, "RUNNER_ARCH=" + a.arch, "RUNNER_TEMP=" + a.dir,
		"GITHUB_OUTPUT=" + a.file("output", ""),
	}
	for name, value := range a.inputs {
		cmd.Env = append(cmd.Env, "INPUT_"+name+"="+value)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	// The runner reads both outputs without an order between them.
	if stderr.Len() > 0 {
		a.Errorf("the script printed on standard error:\n%s", stderr.String())
	}
	return string(out), err
}

// output returns an output of the script, as the runner reads it.
func (a *action) output(name string) string {
	a.Helper()
	data, err := os.ReadFile(filepath.Join(a.dir, "output"))
	if err != nil {
		a.Fatal(err)
	}
	_, rest, found := strings.Cut(string(data), name+"<<")
	end, rest, _ := strings.Cut(rest, "\n")
	value, _, closed := strings.Cut(rest, end+"\n")
	if !found || !closed {
		a.Fatalf("there is no output %s in\n%s", name, data)
	}
	return strings.TrimSuffix(value, "\n")
}

// events returns the names of the events in the output results.
func (a *action) events() []string {
	a.Helper()
	var names []string
	for line := range strings.Lines(a.output("results")) {
		var event struct{ Event string }
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			a.Errorf("results has the line %q: %v", line, err)
		}
		names = append(names, event.Event)
	}
	return names
}

func actionArchive() string {
	return "tusker_" + strings.TrimPrefix(actionVersion, "v") + "_linux_" + runtime.GOARCH + ".tar.gz"
}

// releaseArchive returns an archive with the program, such as a release has.
func releaseArchive(t *testing.T) []byte {
	t.Helper()
	program, err := os.ReadFile(buildTusker(t))
	if err != nil {
		t.Fatal(err)
	}
	return archiveOf(t, "tusker", program)
}

// archiveOf returns an archive with one program.
func archiveOf(t *testing.T, name string, program []byte) []byte {
	t.Helper()
	var data bytes.Buffer
	gz, err := gzip.NewWriterLevel(&data, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	out := tar.NewWriter(gz)
	if err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(program)), Mode: 0o755}); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Write(program); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := gz.Close(); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

// releaseZip returns an archive with the program as a release for Windows has it.
func releaseZip(t *testing.T) []byte {
	t.Helper()
	program, err := os.ReadFile(buildTusker(t))
	if err != nil {
		t.Fatal(err)
	}
	var data bytes.Buffer
	out := zip.NewWriter(&data)
	header := &zip.FileHeader{Name: "tusker.exe", Method: zip.Store}
	header.SetMode(0o755)
	entry, err := out.CreateHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Write(program); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}
