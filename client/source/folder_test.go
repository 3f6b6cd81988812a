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

// A file of a folder has the identity and the name that it has as a path, also below it and
// through a link to the folder.
func TestFolderFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "real", "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", filepath.Join(dir, "link")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	root, err := os.OpenRoot(filepath.Join(dir, "link"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	folder := source.NewFolder(root)
	for _, name := range []string{"a", "b", filepath.Join("sub", "a"), filepath.Join("sub", "b"), "a"} {
		path := filepath.Join(dir, "real", name)
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		want, err := source.Path(path)
		if err != nil {
			t.Fatal(err)
		}
		got := folder.File(name, int64(len(name)), func(fs.FileInfo) bool { return true })
		if got.Name() != filepath.Join(dir, "link", name) {
			t.Errorf("%s: name %s", name, got.Name())
		}
		if got, want := identity(t, got), identity(t, want); got != want {
			t.Errorf("%s: identity %s, want %s", name, got, want)
		}
	}
}

// identity opens a source and returns its identity.
func identity(t *testing.T, s source.Source) string {
	t.Helper()
	h, err := s.Open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	return h.(source.Identifier).Identity()
}

// Accept is asked about what has the name before and after it is opened.
func TestFolderFileAccept(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	for refused := range 3 {
		asked := 0
		src := source.NewFolder(root).File("a", 1, func(fs.FileInfo) bool { asked++; return asked-1 != refused })
		h, err := src.Open(t.Context(), 0)
		if err == nil {
			_ = h.Close()
		}
		if wrong := refused < 2; wrong != errors.Is(err, failure.ErrSourceChanged) || asked != min(refused+1, 2) {
			t.Errorf("question %d refused: %v after %d questions", refused, err, asked)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := source.NewFolder(root).File("d", 0, func(fs.FileInfo) bool { return true }).Open(t.Context(), 0); !errors.Is(err, failure.ErrSource) {
		t.Errorf("a directory is opened: %v", err)
	}
}
