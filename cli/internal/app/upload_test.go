package app

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/testserver"
)

// filesIn creates files with those names, and returns their directory.
func filesIn(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A file that vanishes after it was listed does not affect the other files.
func TestFileVanishes(t *testing.T) {
	t.Parallel()
	dir := filesIn(t, "a", "b", "c")
	server := testserver.New(t, testserver.Config{})
	server.Inject(testserver.Fault{Method: http.MethodPost, Do: testserver.ActionFunc(
		func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if err := os.Remove(filepath.Join(dir, "b")); err != nil {
				t.Error(err)
			}
			next.ServeHTTP(w, r)
		})})
	std, stdout, stderr := streamsFor(t)
	code := Run(t.Context(), []string{"upload", "--no-resume", "--concurrency", "1", "-r", server.URL(), dir}, std)
	if code != exit.Some || strings.Count(stdout.String(), "\n") != 2 || !strings.Contains(stderr.String(), "1 of 3 files failed: ") {
		t.Errorf("code %d, %q and %q, want %v, 2 × %q and %q in it", code, stdout, stderr, exit.Some, "\n", "1 of 3 files failed: ")
	}
}

// pipe creates a named pipe.
func pipe(t *testing.T, name string) {
	t.Helper()
	mkfifo, err := exec.LookPath("mkfifo")
	if err != nil {
		t.Skip(err)
	}
	if err := exec.CommandContext(t.Context(), mkfifo, name).Run(); err != nil {
		t.Fatal(err)
	}
}

// An upload does not wait for a pipe that was a file when it was listed.
func TestBecomesAPipe(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{"links left out": nil, "links followed": {"--follow-symlinks"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filesIn(t, "a", "b")
			fifo := filepath.Join(t.TempDir(), "b")
			pipe(t, fifo)
			server := testserver.New(t, testserver.Config{})
			server.Inject(testserver.Fault{Method: http.MethodPost, Do: testserver.ActionFunc(
				func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					if err := os.Rename(fifo, filepath.Join(dir, "b")); err != nil {
						t.Error(err)
					}
					next.ServeHTTP(w, r)
				})})
			std, _, stderr := streamsFor(t)
			args := append([]string{"upload", "--no-resume", "--timeout", "10s", "--concurrency", "1", "-r"}, flags...)
			if code := Run(t.Context(), append(args, server.URL(), dir), std); code != exit.Some || !strings.Contains(stderr.String(), "b is not a regular file\n") {
				t.Errorf("code %d and %q, want %v and %q in it", code, stderr, exit.Some, "b is not a regular file\n")
			}
		})
	}
}

func TestStdinBreaksOff(t *testing.T) {
	t.Parallel()
	server := testserver.New(t, testserver.Config{})
	std, stdout, stderr := streamsFor(t)
	std.In = iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("hello")))
	code := Run(t.Context(), []string{"upload", "--no-resume", server.URL(), "-"}, std)
	if code != exit.Source || stdout.Len() > 0 || !strings.HasPrefix(stderr.String(), "tusker: upload -: source: timeout\n") {
		t.Errorf("code %d, %q and %q, want %v, Len 0 and the prefix %q", code, stdout, stderr, exit.Source, "tusker: upload -: source: timeout\n")
	}
}

// The URLs are in the order of the files, and only a bad file fails.
func TestManyFiles(t *testing.T) {
	t.Parallel()
	names := make([]string, 300)
	for i := range names {
		names[i] = fmt.Sprintf("%03d", i)
	}
	dir := filesIn(t, names...)
	if err := os.Symlink("nowhere", filepath.Join(dir, "100x")); err != nil {
		t.Skip(err)
	}
	server := testserver.New(t, testserver.Config{})
	std, stdout, stderr := streamsFor(t)
	code := Run(t.Context(), []string{"upload", "--no-resume", "--output", "url", "-r", "--follow-symlinks", server.URL(), dir}, std)
	if got := strings.Count(stdout.String(), "\n"); code != exit.Some || got != len(names) {
		t.Errorf("code %d, %d URLs, want %d", code, got, len(names))
	}
	// The order is that of the names, not that of the ends of the uploads.
	for i, url := range strings.Fields(stdout.String()) {
		b, err := server.Bytes(url)
		if err != nil || string(b) != names[i] {
			t.Fatalf("URL %d is that of %q (%v), want %q", i, b, err, names[i])
		}
	}
	if !strings.Contains(stderr.String(), "sent 300 of 301 files, 900 B in ") {
		t.Errorf("says %q, want %q in it", stderr, "sent 300 of 301 files, 900 B in ")
	}
}
