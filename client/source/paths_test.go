package source_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/source"
)

// A file of Paths has the identity that it has with Path: of two folders, through a link to a
// folder, and through a link to the file.
func TestPaths(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"one", "two"} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a", filepath.Join("one", "a"), filepath.Join("one", "b"), filepath.Join("two", "a")} {
		if err := os.WriteFile(name, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"link": "two", filepath.Join("one", "link"): "b"} {
		if err := os.Symlink(target, name); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	var paths source.Paths
	for _, name := range []string{"one/a", "one/b", "one/link", "two/a", "link/a", "a", "one/a", "./one/../one/b"} {
		name = filepath.FromSlash(name)
		want, err := source.Path(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := paths.Path(name)
		if err != nil {
			t.Fatal(err)
		}
		if got.Name() != name || got.Length() != want.Length() {
			t.Errorf("%s: name %s, length %v, want %v", name, got.Name(), got.Length(), want.Length())
		}
		if got, want := identity(t, got), identity(t, want); got != want {
			t.Errorf("%s: identity %s, want %s", name, got, want)
		}
	}
	if _, err := paths.Path("none"); !errors.Is(err, failure.ErrSource) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is missing: %v", err)
	}
	if _, err := paths.Path("one"); !errors.Is(err, failure.ErrSource) {
		t.Errorf("a folder: %v", err)
	}
}

// Paths looks up where a folder leads only once while its files follow one another.
func TestPathsLookOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"one", "two"} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	link := func(target string) {
		t.Helper()
		if err := errors.Join(os.RemoveAll("link"), os.Symlink(target, "link")); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	place := func(paths *source.Paths, name string) string {
		t.Helper()
		if err := os.WriteFile(filepath.FromSlash(name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		src, err := paths.Path(filepath.FromSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		h, err := src.Open(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = h.Close() }()
		return filepath.Base(filepath.Dir(h.(source.Locator).Place()))
	}
	var paths source.Paths
	link("one")
	first := place(&paths, "link/a")
	link("two")
	if second := place(&paths, "link/b"); first != "one" || second != first {
		t.Errorf("the folder is %s and then %s, want one", first, second)
	}
	if place(&paths, "one/a"); place(&paths, "link/c") != "two" {
		t.Error("the folder was not looked up again after one of another folder")
	}
}
