package download

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
)

const (
	from    = "http://tus.example/files/1?token=secret"
	version = `length 10, etag "v1"`
)

// content returns a content with a version and without a sender.
func content(version string) client.Content { return client.Content{Version: version} }

func open(t *testing.T, target, from, version string) *Part {
	t.Helper()
	p, err := Open(target, from, content(version))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func write(t *testing.T, p *Part, text string) {
	t.Helper()
	if n, err := p.Write([]byte(text)); n != len(text) || err != nil {
		t.Fatalf("Write = %d, %v, want %v and no error", n, err, len(text))
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// names returns the names of the files in the folder of target.
func names(t *testing.T, target string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(target))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func wantNames(t *testing.T, target string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, names(t, target)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// A part is resumed where it stopped, and a complete download leaves only the file.
func TestPartResumes(t *testing.T) {
	t.Parallel()
	target := filepath.Join(t.TempDir(), "a")
	p := open(t, target, from, version)
	write(t, p, "01234")
	if err := p.Keep(); err != nil {
		t.Fatal(err)
	}
	wantNames(t, target, "a.tusker-part", "a.tusker-part.json")
	if strings.Contains(read(t, p.recordPath()), "secret") {
		t.Error("the record names the URL")
	}
	p = open(t, target, from, version)
	if p.Offset() != 5 {
		t.Errorf("offset %d, want 5", p.Offset())
	}
	write(t, p, "56789")
	if err := p.Complete(false); err != nil {
		t.Fatal(err)
	}
	wantNames(t, target, "a")
	if got := read(t, target); got != "0123456789" {
		t.Errorf("%q, want %q", got, "0123456789")
	}
}

// A part never mixes two contents, and does not use bytes that a crash may have
// lost.
func TestPartStartsAgain(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		url, version string
		spoil        func(t *testing.T, p *Part)
		want         int64
	}{
		"unchanged":             {from, version, func(*testing.T, *Part) {}, 5},
		"other URL":             {from + "x", version, func(*testing.T, *Part) {}, 0},
		"other version":         {from, "length 10, etag \"v2\"", func(*testing.T, *Part) {}, 0},
		"other URL, no version": {from + "x", "", func(*testing.T, *Part) {}, 0},
		"extra bytes":           {from, version, func(t *testing.T, p *Part) { t.Helper(); overwrite(t, p.path(), "01234\x00\x00\x00") }, 5},
		"bytes missing":         {from, version, func(t *testing.T, p *Part) { t.Helper(); overwrite(t, p.path(), "0123") }, 0},
		"damaged record":        {from, version, func(t *testing.T, p *Part) { t.Helper(); overwrite(t, p.recordPath(), "{") }, 0},
		"negative record":       {from, version, func(t *testing.T, p *Part) { t.Helper(); overwrite(t, p.recordPath(), `{"offset":-1}`) }, 0},
		"record without part":   {from, version, func(t *testing.T, p *Part) { t.Helper(); remove(t, p.path()) }, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := filepath.Join(t.TempDir(), "a")
			p := open(t, target, from, version)
			write(t, p, "01234")
			if err := p.Keep(); err != nil {
				t.Fatal(err)
			}
			test.spoil(t, p)
			p = open(t, target, test.url, test.version)
			if p.Offset() != test.want {
				t.Errorf("offset %d, want %d", p.Offset(), test.want)
			}
			write(t, p, "56789"[:10-5])
			if err := p.Complete(false); err != nil {
				t.Fatal(err)
			}
			if got, want := read(t, target), "01234"[:test.want]+"56789"; got != want {
				t.Errorf("%q, want %q", got, want)
			}
			wantNames(t, target, "a")
		})
	}
}

func overwrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// After a crash, the record counts only bytes that are on the disk.
func TestPartAfterCrash(t *testing.T) {
	t.Parallel()
	target := filepath.Join(t.TempDir(), "a")
	p := open(t, target, from, version)
	write(t, p, "01234")
	// The process ends without a call of Keep.
	if err := p.file.Close(); err != nil {
		t.Fatal(err)
	}
	p = open(t, target, from, version)
	if p.Offset() != 0 {
		t.Errorf("offset %d, want 0", p.Offset())
	}
	p.every = 5
	write(t, p, "0123")
	write(t, p, "456")
	write(t, p, "789")
	if err := p.file.Close(); err != nil {
		t.Fatal(err)
	}
	p = open(t, target, from, version)
	if p.Offset() != 7 {
		t.Errorf("offset %d, want 7", p.Offset())
	}
	if err := p.Drop(); err != nil {
		t.Fatal(err)
	}
	wantNames(t, target)
}

// A file that exists is only replaced with force. Without force, the bytes are kept.
func TestCompleteOverFile(t *testing.T) {
	t.Parallel()
	for _, force := range []bool{false, true} {
		target := filepath.Join(t.TempDir(), "a")
		p := open(t, target, from, version)
		write(t, p, "new")
		overwrite(t, target, "old")
		err := p.Complete(force)
		if errors.Is(err, ErrExists) == force {
			t.Errorf("force %v: %v, want ErrExists: %t", force, err, !force)
		}
		want := "old"
		if force {
			want = "new"
			wantNames(t, target, "a")
		} else {
			wantNames(t, target, "a", "a.tusker-part", "a.tusker-part.json")
			again := open(t, target, from, version)
			if again.Offset() != 3 {
				t.Errorf("offset %d, want 3", again.Offset())
			}
			if err := again.Keep(); err != nil {
				t.Error(err)
			}
		}
		if got := read(t, target); got != want {
			t.Errorf("force %v: %q, want %q", force, got, want)
		}
	}
}

// A file under the temporary name that no download created is left alone.
func TestForeign(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, path string){
		"file":   func(t *testing.T, path string) { t.Helper(); overwrite(t, path, "mine") },
		"folder": func(t *testing.T, path string) { t.Helper(); must(t, os.Mkdir(path, 0o700)) },
		"link": func(t *testing.T, path string) {
			t.Helper()
			overwrite(t, filepath.Join(filepath.Dir(path), "z"), "")
			must(t, os.Symlink("z", path))
		},
		"second name": func(t *testing.T, path string) {
			t.Helper()
			overwrite(t, filepath.Join(filepath.Dir(path), "z"), "")
			must(t, os.Link(filepath.Join(filepath.Dir(path), "z"), path))
		},
	}
	for name, put := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := filepath.Join(t.TempDir(), "a")
			put(t, target+Suffix)
			before := names(t, target)
			if _, err := Open(target, from, content(version)); !errors.Is(err, ErrForeign) {
				t.Errorf("error %v, want ErrForeign", err)
			}
			wantNames(t, target, before...)
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Two downloads cannot write to the same file.
func TestBusy(t *testing.T) {
	t.Parallel()
	target := filepath.Join(t.TempDir(), "a")
	p := open(t, target, from, version)
	if _, err := Open(target, from, content(version)); !errors.Is(err, ErrBusy) {
		t.Errorf("error %v, want ErrBusy", err)
	}
	must(t, p.Keep())
	wantNames(t, target)
	must(t, open(t, target, from, version).Drop())
}
