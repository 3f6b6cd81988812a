package inbox_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/inbox"
	"github.com/tusker-go/tusker/protocol"
)

// store writes a file as a server stores an upload.
func store(t *testing.T, id, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), id)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// names returns the names of the files in dir.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// A file gets the name in the metadata, below dir and nowhere else.
func TestAdd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		metadata protocol.Metadata
		want     string
	}{
		{protocol.Metadata{"filename": "a b.txt"}, "a b.txt"},
		{protocol.Metadata{"filename": "слон.bin", "name": "x"}, "слон.bin"},
		{protocol.Metadata{"name": "b.txt"}, "b.txt"},
		{nil, "id"},
		{protocol.Metadata{"filename": ""}, "id"},
		{protocol.Metadata{"filename": ".."}, "id"},
		{protocol.Metadata{"filename": "../../etc/passwd"}, "passwd"},
		{protocol.Metadata{"filename": `..\..\boot.ini`}, "boot.ini"},
		{protocol.Metadata{"filename": "/abs/c.txt"}, "c.txt"},
		{protocol.Metadata{"filename": ".tusd"}, "_tusd"},
		{protocol.Metadata{"filename": "a\x00b\n\x1b[31m\u202e.txt"}, "a_b__[31m_.txt"},
	} {
		parent := t.TempDir()
		dir := filepath.Join(parent, "dir")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		got, err := inbox.Add(dir, store(t, "id", "bytes"), tt.metadata)
		if err != nil {
			t.Errorf("%q: %v", tt.metadata, err)
			continue
		}
		if want := filepath.Join(dir, tt.want); got != want {
			t.Errorf("%q: got %q, want %q", tt.metadata, got, want)
		}
		if b, err := os.ReadFile(got); err != nil || string(b) != "bytes" {
			t.Errorf("%q: got %q, %v, want %q and no error", tt.metadata, b, err, "bytes")
		}
		if diff := cmp.Diff([]string{"dir"}, names(t, parent)); diff != "" {
			t.Errorf("%q: beside dir (-want +got):\n%s", tt.metadata, diff)
		}
	}
}

// A file whose name is taken gets a number, and no file is replaced.
func TestAddNameIsTaken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "a (2).txt")); err != nil {
		t.Skip(err) // Windows requires a privilege.
	}
	files := make([]string, 8)
	for i := range files {
		files[i] = store(t, "id", strings.Repeat("x", i))
	}
	var wg sync.WaitGroup
	for _, file := range files {
		wg.Go(func() {
			if _, err := inbox.Add(dir, file, protocol.Metadata{"filename": "a.txt"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var want []string
	for _, n := range []string{"", " (2)", " (3)", " (4)", " (5)", " (6)", " (7)", " (8)", " (9)"} {
		want = append(want, "a"+n+".txt")
	}
	got := names(t, dir)
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(dir, "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a link was followed: %v, want ErrNotExist", err)
	}
	sizes := make(map[int64]bool)
	for _, name := range got {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
			sizes[info.Size()] = true
		}
	}
	if len(sizes) != len(files) {
		t.Errorf("%d different files, want %d", len(sizes), len(files))
	}
}

// A folder that cannot be written is an error.
func TestAddFails(t *testing.T) {
	t.Parallel()
	if got, err := inbox.Add(filepath.Join(t.TempDir(), "missing"), store(t, "id", ""), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %q, %v; want no such folder", got, err)
	}
}
