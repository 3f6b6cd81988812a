package source_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

// A snapshot may grow; every other change is an error.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 100, 32 << 10, 32<<10 + 1, 1 << 20} {
		for name, test := range map[string]struct {
			change  func(f *os.File) error
			changed bool
			nonzero bool
		}{
			"nothing":       {func(*os.File) error { return nil }, false, false},
			"appended":      {func(f *os.File) error { _, err := f.WriteAt([]byte("more"), int64(size)); return err }, false, false},
			"appended much": {func(f *os.File) error { _, err := f.WriteAt(make([]byte, 1<<20), int64(size)); return err }, false, false},
			"cut":           {func(f *os.File) error { return f.Truncate(int64(size - 1)) }, true, true},
			"emptied":       {func(f *os.File) error { return f.Truncate(0) }, true, true},
			"cut and enlarged": {func(f *os.File) error {
				return errors.Join(f.Truncate(0), f.Truncate(int64(size+10)))
			}, true, true},
			"overwritten": {func(f *os.File) error { _, err := f.WriteAt([]byte("y"), 0); return err }, true, true},
		} {
			if size == 0 && test.nonzero {
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "app.log")
				if err := os.WriteFile(path, []byte(strings.Repeat("x", size)), 0o600); err != nil {
					t.Fatal(err)
				}
				src, err := source.Path(path)
				if err != nil {
					t.Fatal(err)
				}
				o, err := source.Snapshot(src).Open(t.Context(), 0)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = o.Close() }()
				f, err := os.OpenFile(path, os.O_RDWR, 0)
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(test.change(f), f.Close()); err != nil {
					t.Fatal(err)
				}
				if err := o.Check(t.Context()); errors.Is(err, failure.ErrSourceChanged) != test.changed {
					t.Errorf("size %d: Check = %v, want ErrSourceChanged: %t", size, err, test.changed)
				}
				if o.Length() != protocol.Known(int64(size)) {
					t.Errorf("length %v, want %d", o.Length(), size)
				}
				if id, ok := o.(source.Identifier); ok && id.Identity() != "" {
					t.Error("a snapshot has an identity")
				}
			})
		}
	}
}

// Files of /proc and /sys have other sizes than they say.
func TestWrongSize(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has these files")
	}
	for _, path := range []string{"/proc/version", "/proc/self/status", "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/devices/system/cpu/online"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(path)
			if err != nil {
				t.Skip(err)
			}
			src, err := source.Path(path)
			if err != nil {
				t.Fatal(err)
			}
			o, err := src.Open(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = o.Close() }()
			c, err := o.Chunk(t.Context(), 0, 0)
			if err != nil {
				t.Fatal(err)
			}
			r, err := c.Reader()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r); err != nil || len(got) == 0 || path != "/proc/self/status" && string(got) != string(want) {
				t.Errorf("%q, %v, want %q", got, err, want)
			}
		})
	}
}
