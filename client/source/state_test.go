package source

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/failure"
)

// The identity shows a flipped byte within 64 KiB of either end, and nowhere else, if neither
// size nor time of modification give it away. A check finds every byte, by the time of change
// of the inode.
func TestEdges(t *testing.T) {
	const kib = 1 << 10
	tests := map[string]struct {
		size   int
		seen   []int // positions of bytes
		unseen []int
	}{
		"empty":       {size: 0},
		"1 byte":      {size: 1, seen: []int{0}},
		"2 bytes":     {size: 2, seen: []int{0, 1}},
		"64 KiB - 1":  {size: 64*kib - 1, seen: []int{0, 32 * kib, 64*kib - 2}},
		"64 KiB":      {size: 64 * kib, seen: []int{0, 64*kib - 1}},
		"64 KiB + 1":  {size: 64*kib + 1, seen: []int{0, 1, 64*kib - 1, 64 * kib}},
		"128 KiB - 1": {size: 128*kib - 1, seen: []int{0, 64*kib - 1, 64 * kib, 128*kib - 2}},
		"128 KiB":     {size: 128 * kib, seen: []int{0, 64*kib - 1, 64 * kib, 128*kib - 1}},
		"128 KiB + 1": {size: 128*kib + 1, seen: []int{0, 64*kib - 1, 64*kib + 1, 128 * kib}, unseen: []int{64 * kib}},
		"1 MiB":       {size: 1024 * kib, seen: []int{0, 64*kib - 1, 960 * kib, 1024*kib - 1}, unseen: []int{64 * kib, 512 * kib, 960*kib - 1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "elephant")
			modified := time.Now().Add(-time.Hour)
			data := []byte(strings.Repeat("x", test.size))
			put := func() {
				t.Helper()
				if err := os.WriteFile(path, data, 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Chtimes(path, modified, modified); err != nil {
					t.Fatal(err)
				}
			}
			put()
			f := openPath(t, path)
			key := f.Identity()
			if err := f.Check(t.Context()); err != nil {
				t.Fatalf("unchanged: %v", err)
			}
			if again := openPath(t, path).Identity(); again != key {
				t.Error("another identity for the same file")
			}
			for i, pos := range append(append([]int(nil), test.seen...), test.unseen...) {
				want := i < len(test.seen)
				data[pos] ^= 1
				put()
				seen := want || !f.was.inode.changed.IsZero()
				if got := f.Check(t.Context()); errors.Is(got, failure.ErrSourceChanged) != seen || (got != nil) != seen {
					t.Errorf("byte %d: check is %v, want it seen: %t", pos, got, seen)
				}
				if got := openPath(t, path).Identity() != key; got != want {
					t.Errorf("byte %d: another identity: %t, want %t", pos, got, want)
				}
				data[pos] ^= 1
				put()
			}
			// With everything as it was, so is the identity.
			again := openPath(t, path)
			if err := again.Check(t.Context()); err != nil || again.Identity() != key {
				t.Errorf("restored: %v, want no error and Identity %q", err, key)
			}
		})
	}
}

// A file that grew between the look at it and the first Read was only looked at too early.
func TestGrowsWhileRemembered(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := openPath(t, name)
	stat, looks := f.stat, 0
	f.stat = func() (fs.FileInfo, error) {
		info, err := stat()
		if looks++; looks == 1 {
			err = errors.Join(err, os.WriteFile(name, []byte("hello"), 0o600))
		}
		return info, err
	}
	if err := f.remember(); err != nil || f.size != 5 || string(f.content) != "hello" {
		t.Errorf("%d bytes %q, %v, want size 5, %q and no error", f.size, f.content, err, "hello")
	}
	if err := f.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// openPath opens the file as an upload does.
func openPath(t *testing.T, path string) *openFile {
	t.Helper()
	src, err := Path(path)
	if err != nil {
		t.Fatal(err)
	}
	o, err := src.Open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	f, ok := o.(*openFile)
	if !ok {
		t.Fatalf("source is a %T, want a StateIdentifier", o)
	}
	return f
}
