package inbox

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// On a file system without hard links the named file is a copy, and an existing
// file is not replaced.
func TestPlaceWithoutLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, target := filepath.Join(dir, "id"), filepath.Join(dir, "a.txt")
	if err := os.WriteFile(file, []byte("bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	noLinks := func(string, string) error { return errors.ErrUnsupported }
	if err := place(file, target, noLinks); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("other bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := place(file, target, noLinks); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second file: got %v, want fs.ErrExist", err)
	}
	if got, err := os.ReadFile(target); err != nil || string(got) != "bytes" {
		t.Errorf("got %q, %v; want the bytes of the first file", got, err)
	}
	if err := place(filepath.Join(dir, "missing"), filepath.Join(dir, "b.txt"), noLinks); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: got %v, want fs.ErrNotExist", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "b.txt")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: an empty file is left, %v", err)
	}
}
