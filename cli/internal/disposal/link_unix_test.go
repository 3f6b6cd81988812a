//go:build unix

package disposal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// A file system that cannot rename without replacing a file gives the file a second name, and
// then removes the first one. A file that has the second name stays.
func TestLink(t *testing.T) {
	t.Parallel()
	for name, taken := range map[string]bool{"free": false, "taken": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := t.TempDir(), t.TempDir()
			err := os.WriteFile(filepath.Join(from, "a"), []byte("text"), 0o600)
			if taken {
				err = errors.Join(err, os.WriteFile(filepath.Join(to, "b"), []byte("other"), 0o600))
			}
			if err != nil {
				t.Fatal(err)
			}
			err = link(directory(t, from), "a", directory(t, to), "b")
			if errors.Is(err, errElsewhere) {
				t.Skip(err)
			}
			if errors.Is(err, fs.ErrExist) != taken || !taken && err != nil {
				t.Errorf("error %v, want ErrExist: %t", err, taken)
			}
			_, err = os.Lstat(filepath.Join(from, "a"))
			if stays := err == nil; stays != taken {
				t.Errorf("the file stays: %t, want %t", stays, taken)
			}
			want := "text"
			if taken {
				want = "other"
			}
			if got, err := os.ReadFile(filepath.Join(to, "b")); err != nil || string(got) != want {
				t.Errorf("%q (%v), want %q", got, err, want)
			}
		})
	}
}

func directory(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}
