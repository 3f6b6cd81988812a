package disposal_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/disposal"
)

// replace puts another file of the same size and time at path.
func replace(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	other := path + ".other"
	return errors.Join(os.WriteFile(other, []byte("evil"), 0o600), os.Chtimes(other, info.ModTime(), info.ModTime()), os.Rename(other, path))
}

// A file that another program replaces just before it would be removed stays.
func TestRemoveDuringAReplacement(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	info := write(t, path, "text")
	if err := place(t, path).Remove(info, func() error { return replace(path) }); !errors.Is(err, disposal.ErrChanged) {
		t.Errorf("error %v, want ErrChanged", err)
	}
	wantText(t, path, "evil")
}

// The bytes of a file are not compared if its attributes show that it has changed.
func TestChangedFileIsNotRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	info := write(t, path, "text")
	if err := replace(path); err != nil {
		t.Fatal(err)
	}
	read := func() error { t.Error("the file is read"); return nil }
	if err := place(t, path).Remove(info, read); !errors.Is(err, disposal.ErrChanged) {
		t.Errorf("remove: error %v, want ErrChanged", err)
	}
	target := filepath.Join(t.TempDir(), "file")
	if err := place(t, path).Move(t.Context(), info, place(t, target), read); !errors.Is(err, disposal.ErrChanged) {
		t.Errorf("move: error %v, want ErrChanged", err)
	}
	wantText(t, path, "evil")
}

// Something that is not a regular file stays, even if it is what was sent.
func TestRemoveDirectory(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "directory")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := place(t, path).Remove(info, unchanged); !errors.Is(err, disposal.ErrChanged) {
		t.Errorf("error %v, want ErrChanged", err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}

// A move loses no file if another program changes the file, or the other directory, between
// two steps.
func TestMoveDuringAChange(t *testing.T) {
	t.Parallel()
	errOther := errors.New("other bytes")
	tests := map[string]struct {
		call   int  // the comparison of bytes during which the change happens
		other  bool // the target is on another file system
		change func(path, target string) error
		want   error
		text   string // of the file afterward
		target string // text of the target; "": it does not exist
	}{
		"other bytes":                   {1, false, func(string, string) error { return errOther }, errOther, "text", ""},
		"replaced before the rename":    {1, false, func(path, _ string) error { return replace(path) }, disposal.ErrChanged, "evil", ""},
		"name taken before the rename":  {1, false, take, disposal.ErrExists, "text", "other"},
		"other bytes before a copy":     {1, true, func(string, string) error { return errOther }, errOther, "text", ""},
		"replaced before a copy":        {1, true, func(path, _ string) error { return replace(path) }, disposal.ErrChanged, "evil", ""},
		"appended to before a copy":     {1, true, func(path, _ string) error { return os.WriteFile(path, []byte("longer"), 0o600) }, disposal.ErrChanged, "longer", ""},
		"name taken during a copy":      {2, true, take, disposal.ErrExists, "text", "other"},
		"replaced at the end of a copy": {2, true, func(path, _ string) error { return replace(path) }, disposal.ErrChanged, "evil", "text"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, dir := filepath.Join(t.TempDir(), "file"), ""
			if dir = t.TempDir(); test.other {
				dir = otherFileSystem(t)
			}
			target := filepath.Join(dir, "file")
			info := write(t, path, "text")
			calls := 0
			err := place(t, path).Move(t.Context(), info, place(t, target), func() error {
				if calls++; calls == test.call {
					return test.change(path, target)
				}
				return nil
			})
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			wantText(t, path, test.text)
			if test.target != "" {
				wantText(t, target, test.target)
			} else if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
				t.Errorf("the directory has %v (%v), want none and no error", entries, err)
			}
		})
	}
}

// take creates a file that has the name of the target.
func take(_, target string) error { return os.WriteFile(target, []byte("other"), 0o600) }

// The second name of a file after a crash does not make a changed file go.
func TestChangedFileAfterACrash(t *testing.T) {
	t.Parallel()
	path, target := filepath.Join(t.TempDir(), "file"), filepath.Join(t.TempDir(), "file")
	info := write(t, path, "text")
	if err := os.Link(path, target); err != nil {
		t.Skip(err)
	}
	errOther := errors.New("other bytes")
	if err := place(t, path).Move(t.Context(), info, place(t, target), func() error { return errOther }); !errors.Is(err, errOther) {
		t.Errorf("error %v, want %v", err, errOther)
	}
	wantText(t, path, "text")
}

// The end of a run ends a copy, and the file stays.
func TestInterruptedCopy(t *testing.T) {
	t.Parallel()
	dir, path := otherFileSystem(t), filepath.Join(t.TempDir(), "file")
	info := write(t, path, "text")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := place(t, path).Move(ctx, info, place(t, filepath.Join(dir, "file")), unchanged); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	wantText(t, path, "text")
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("the directory has %v (%v), want none and no error", entries, err)
	}
}

// A copy has the mode of the file.
func TestModeOfACopy(t *testing.T) {
	t.Parallel()
	target, path := filepath.Join(otherFileSystem(t), "file"), filepath.Join(t.TempDir(), "file")
	write(t, path, "text")
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := place(t, path).Move(t.Context(), info, place(t, target), unchanged); err != nil {
		t.Fatal(err)
	}
	var moved fs.FileInfo
	if moved, err = os.Lstat(target); err != nil || moved.Mode() != info.Mode() {
		t.Errorf("mode %v, want %v (%v)", moved, info.Mode(), err)
	}
}
