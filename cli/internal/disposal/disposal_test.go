package disposal_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tusker-go/tusker/cli/internal/disposal"
)

func unchanged() error { return nil }

// write creates a file and returns its state.
func write(t *testing.T, path, text string) fs.FileInfo {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func wantText(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s has %q (%v), want %q", path, got, err, want)
	}
}

func place(t *testing.T, path string) disposal.Place {
	t.Helper()
	p, err := disposal.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Root.Close() })
	return p
}

// Only the file that was sent is removed.
func TestRemove(t *testing.T) {
	t.Parallel()
	errOther := errors.New("other bytes")
	tests := map[string]struct {
		change func(path string) error
		still  func() error
		want   error // nil: the file is removed
	}{
		"unchanged": {},
		"replaced": {change: func(path string) error {
			return errors.Join(os.WriteFile(path+".new", []byte("text"), 0o600), os.Rename(path+".new", path))
		}, want: disposal.ErrChanged},
		"longer": {change: func(path string) error {
			return os.WriteFile(path, []byte("text and more"), 0o600)
		}, want: disposal.ErrChanged},
		"longer, with the same time": {change: func(path string) error {
			return keepingTime(path, func() error { return os.WriteFile(path, []byte("text and more"), 0o600) })
		}, want: disposal.ErrChanged},
		"another time": {change: func(path string) error {
			return os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour))
		}, want: disposal.ErrChanged},
		"a link": {change: func(path string) error {
			return errors.Join(os.Rename(path, path+".target"), os.Symlink(path+".target", path))
		}, want: disposal.ErrLink},
		"a directory": {change: func(path string) error {
			return errors.Join(os.Remove(path), os.Mkdir(path, 0o700))
		}, want: disposal.ErrChanged},
		"removed":     {change: os.Remove, want: fs.ErrNotExist},
		"other bytes": {still: func() error { return errOther }, want: errOther},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "file")
			info := write(t, path, "text")
			if test.change != nil {
				if err := test.change(path); err != nil {
					t.Skip(err)
				}
			}
			still := test.still
			if still == nil {
				still = unchanged
			}
			_, before := os.Lstat(path)
			if err := place(t, path).Remove(info, still); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			_, after := os.Lstat(path)
			if test.want == nil && !errors.Is(after, fs.ErrNotExist) || test.want != nil && (before == nil) != (after == nil) {
				t.Errorf("afterward, the file is %v, want no file: %t", after, test.want == nil)
			}
		})
	}
}

// keepingTime restores the time of modification of a file after a change.
func keepingTime(path string, change func() error) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return errors.Join(change(), os.Chtimes(path, time.Time{}, info.ModTime()))
}

// A file is moved with its time, on the same file system and to another one.
func TestMove(t *testing.T) {
	t.Parallel()
	for name, elsewhere := range map[string]func(t *testing.T) string{
		"the same file system": (*testing.T).TempDir,
		"another file system":  otherFileSystem,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, path := elsewhere(t), filepath.Join(t.TempDir(), "file")
			info := write(t, path, "text")
			target := filepath.Join(dir, "a", "b", "file")
			to := place(t, filepath.Join(dir, "x"))
			to.Name = filepath.Join("a", "b", "file")
			if err := place(t, path).Move(t.Context(), info, to, unchanged); err != nil {
				t.Fatal(err)
			}
			wantText(t, target, "text")
			if moved, err := os.Stat(target); err != nil || !moved.ModTime().Equal(info.ModTime()) || moved.Mode() != info.Mode() {
				t.Errorf("%v has another time or mode than %v (%v)", moved, info, err)
			}
			if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the file is still there: %v", err)
			}
			if entries, err := os.ReadDir(filepath.Dir(target)); err != nil || len(entries) != 1 {
				t.Errorf("the directory has %v (%v), want 1 of them and no error", entries, err)
			}

			// A second file of the same name stays.
			info = write(t, path, "other")
			if err := place(t, path).Move(t.Context(), info, to, unchanged); !errors.Is(err, disposal.ErrExists) {
				t.Errorf("error %v, want ErrExists", err)
			}
			wantText(t, target, "text")
			wantText(t, path, "other")
		})
	}
}

// otherFileSystem returns a temporary directory on another file system.
func otherFileSystem(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "tusker") //nolint:usetesting // The directory is on another file system.
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// A file is not moved to the directory that it is in, where it would replace itself.
func TestMoveToTheSameDirectory(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	info := write(t, path, "text")
	if err := place(t, path).Move(t.Context(), info, place(t, path), unchanged); !errors.Is(err, disposal.ErrSameDirectory) {
		t.Errorf("error %v, want ErrSameDirectory", err)
	}
	wantText(t, path, "text")
}

// A run that ended between the two steps of a move is finished by the next one.
func TestMoveAfterACrash(t *testing.T) {
	t.Parallel()
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "file")
	write(t, path, "text")
	target := filepath.Join(dir, "file")
	if err := os.Link(path, target); err != nil {
		t.Skip(err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := place(t, path).Move(t.Context(), info, place(t, target), unchanged); err != nil {
		t.Fatal(err)
	}
	wantText(t, target, "text")
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
}

// A file that changes during its copy stays, and its copy is removed.
func TestCopyOfAChangedFile(t *testing.T) {
	t.Parallel()
	dir, path := otherFileSystem(t), filepath.Join(t.TempDir(), "file")
	info := write(t, path, "text")
	calls := 0
	err := place(t, path).Move(t.Context(), info, place(t, filepath.Join(dir, "file")), func() error {
		if calls++; calls > 1 {
			return disposal.ErrChanged
		}
		return nil
	})
	if !errors.Is(err, disposal.ErrChanged) {
		t.Errorf("error %v, want ErrChanged", err)
	}
	wantText(t, path, "text")
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("the directory has %v (%v), want none and no error", entries, err)
	}
}
