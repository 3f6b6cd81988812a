package client

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// known is a source of which every field of the fingerprint is set.
func known() *openFile {
	return &openFile{path: "/home/me/video.mp4", was: identity{
		size: 1 << 30, modified: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), inode: inode{device: 7, number: 8}, edges: [32]byte{9},
	}}
}

// Another process, and another release, finds the same record.
func TestFingerprintIsStable(t *testing.T) {
	const want = "a098a9d18924dfd25014076e78e3b5eed44170706df40d071130567da1f41941"
	if got := known().fingerprint("https://tus.example/files/", ""); got != want {
		t.Errorf("fingerprint %s, want %s", got, want)
	}
	if err := CheckKey(want); err != nil {
		t.Error(err)
	}
	elsewhere := known()
	elsewhere.was.modified = elsewhere.was.modified.In(time.FixedZone("", 3600))
	if got := elsewhere.fingerprint("https://tus.example/files/", ""); got != want {
		t.Errorf("fingerprint %s in another time zone, want %s", got, want)
	}
}

func TestFingerprintFields(t *testing.T) {
	endpoint := "https://tus.example/files/"
	changes := map[string]func(f *openFile){
		"nothing":            func(*openFile) {},
		"endpoint":           func(*openFile) { endpoint = "https://tus.example/other/" },
		"path":               func(f *openFile) { f.path = "/home/me/video.mp3" },
		"endpoint into path": func(f *openFile) { endpoint, f.path = "https://tus.example/files", "/"+f.path },
		"size":               func(f *openFile) { f.was.size++ },
		"modified by 1 ns":   func(f *openFile) { f.was.modified = f.was.modified.Add(1) },
		"device":             func(f *openFile) { f.was.inode.device++ },
		"inode":              func(f *openFile) { f.was.inode.number++ },
		"device for inode":   func(f *openFile) { f.was.inode.device, f.was.inode.number = f.was.inode.number, f.was.inode.device },
		"edges":              func(f *openFile) { f.was.edges[31]++ },
	}
	seen := map[string]string{known().fingerprint(endpoint, "a"): "account", known().fingerprint(endpoint, "b"): "another account"}
	for name, change := range changes {
		endpoint = "https://tus.example/files/"
		f := known()
		change(f)
		key := f.fingerprint(endpoint, "")
		if other, ok := seen[key]; ok {
			t.Errorf("%q and %q have the same fingerprint", name, other)
		}
		seen[key] = name
	}
	if key := (&openFile{was: known().was}).fingerprint(endpoint, ""); key != "" {
		t.Errorf("fingerprint %q without a path", key)
	}
}

// The fingerprint shows a flipped byte within 64 KiB of either end, and nowhere
// else, if neither size nor time of modification give it away. A check finds every
// byte, by the time of change of the inode.
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
			key := f.fingerprint("", "")
			if err := f.check(); err != nil {
				t.Fatalf("unchanged: %v", err)
			}
			if again := openPath(t, path).fingerprint("", ""); again != key {
				t.Error("another fingerprint for the same file")
			}
			for i, pos := range append(append([]int(nil), test.seen...), test.unseen...) {
				want := i < len(test.seen)
				data[pos] ^= 1
				put()
				seen := want || !f.was.inode.changed.IsZero()
				if got := f.check(); errors.Is(got, ErrSourceChanged) != seen || (got != nil) != seen {
					t.Errorf("byte %d: check is %v, want it seen: %t", pos, got, seen)
				}
				if got := openPath(t, path).fingerprint("", "") != key; got != want {
					t.Errorf("byte %d: another fingerprint: %t, want %t", pos, got, want)
				}
				data[pos] ^= 1
				put()
			}
			// With everything as it was, so is the fingerprint.
			again := openPath(t, path)
			if err := again.check(); err != nil || again.fingerprint("", "") != key {
				t.Errorf("restored: %v", err)
			}
		})
	}
}

// A file that grew between the look at it and the first Read is one that was
// looked at too early, no more.
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
		t.Errorf("%d bytes %q, %v", f.size, f.content, err)
	}
	if err := f.check(); err != nil {
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
	o, err := src.open(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.close() })
	f, ok := o.(*openFile)
	if !ok {
		t.Fatalf("source is a %T", o)
	}
	return f
}
