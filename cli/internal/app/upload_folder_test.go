package app

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/testserver"
)

// tree creates files with those slash-separated names, whose content is their name,
// and returns their directory.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// replace moves a file away and puts a link in its place.
func replace(t *testing.T, name, target string) {
	t.Helper()
	if err := os.Rename(name, name+".old"); err != nil {
		t.Error(err)
	}
	if err := os.Symlink(target, name); err != nil {
		t.Error(err)
	}
}

// A file that was replaced after it was listed is not sent. The other files are
// sent.
func TestFoundFileIsReplaced(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("not everybody may make links")
	}
	tests := map[string]struct {
		flags   []string
		replace func(t *testing.T, dir string)
		says    string
	}{
		"file by a link": {nil, func(t *testing.T, dir string) {
			t.Helper()
			replace(t, dir+"/public/b/b", dir+"/secret/b")
		}, "b is not a regular file"},
		"file by a link inside": {nil, func(t *testing.T, dir string) {
			t.Helper()
			replace(t, dir+"/public/b/b", "../c")
		}, "b is not a regular file"},
		"directory by a link": {nil, func(t *testing.T, dir string) {
			t.Helper()
			replace(t, dir+"/public/b", dir+"/secret")
		}, "path escapes from parent"},
		"directory that was named by a link": {nil, func(t *testing.T, dir string) {
			t.Helper()
			replace(t, dir+"/public", dir+"/other")
		}, "the directory was replaced by another one"},
		"file by another one": {nil, func(t *testing.T, dir string) {
			t.Helper()
			if err := os.Rename(dir+"/secret/b", dir+"/public/b/b"); err != nil {
				t.Error(err)
			}
		}, "it was replaced by another file"},
		"file by a link, links are followed": {[]string{"--follow-symlinks"}, func(t *testing.T, dir string) {
			t.Helper()
			replace(t, dir+"/public/b/b", dir+"/secret/b")
		}, "it was replaced by another file"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tree(t, "public/a", "public/b/b", "public/c", "secret/b", "other/b/b", "other/c")
			server := testserver.New(t, testserver.Config{})
			server.Inject(testserver.Fault{Method: http.MethodPost, Do: testserver.ActionFunc(
				func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					test.replace(t, dir)
					next.ServeHTTP(w, r)
				})})
			std, stdout, stderr := streamsFor(t)
			args := append([]string{"upload", "--no-resume", "--output", "url", "--concurrency", "1", "-r"}, test.flags...)
			code := Run(t.Context(), append(args, server.URL(), dir+"/public"), std)
			sent := strings.Fields(stdout.String())
			for _, url := range sent {
				if b, err := server.Bytes(url); err != nil || !strings.HasPrefix(string(b), "public/") {
					t.Errorf("sent %q, %v, want the prefix %q and no error", b, err, "public/")
				}
			}
			if code != exit.Some || len(sent) == 0 || !strings.Contains(stderr.String(), test.says) {
				t.Errorf("code %d, sent %d files and said %s, want %v, some and %q in it", code, len(sent), stderr, exit.Some, test.says)
			}
		})
	}
}

// An unreadable entry of a directory fails, and the other entries do not.
func TestFolderIsUnreadable(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("every file is readable for this user")
	}
	dir := tree(t, "a", "closed/b", "listable/c", "d")
	for name, mode := range map[string]fs.FileMode{"closed": 0, "listable": 0o400} {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, name), 0o700) })
	}
	server := testserver.New(t, testserver.Config{})
	std, stdout, stderr := streamsFor(t)
	code := Run(t.Context(), []string{"upload", "--no-resume", "-r", server.URL(), dir}, std)
	if code != exit.Some || strings.Count(stdout.String(), "\n") != 2 || !strings.Contains(stderr.String(), "2 of 4 files failed: ") {
		t.Errorf("code %d, %q and %q, want %v, 2 × %q and %q in it", code, stdout, stderr, exit.Some, "\n", "2 of 4 files failed: ")
	}
}
