package source

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// known is a file of which every field of the identity is set.
func known() *openFile {
	return &openFile{path: "/home/me/video.mp4", was: state{
		size: 1 << 30, modified: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), inode: inode{device: 7, number: 8}, edges: [32]byte{9},
	}}
}

// Another process, and another release, finds the same record.
func TestIdentityIsStable(t *testing.T) {
	const want = "e7dc927e4be1f1512cf5c8bc693bc252fb3d5962b1169ab0cf86a46b7c7fe2fe"
	if got := known().Identity(); got != want {
		t.Errorf("identity %s, want %s", got, want)
	}
	abroad := known()
	abroad.was.modified = abroad.was.modified.In(time.FixedZone("", 3600))
	if got := abroad.Identity(); got != want {
		t.Errorf("identity %s in another time zone, want %s", got, want)
	}
}

// Each field of the identity counts, and device and inode do not: they change when a file
// system is mounted again.
func TestIdentityFields(t *testing.T) {
	changes := map[string]func(f *openFile){
		"path":             func(f *openFile) { f.path = "/home/me/video.mp3" },
		"size":             func(f *openFile) { f.was.size++ },
		"modified by 1 ns": func(f *openFile) { f.was.modified = f.was.modified.Add(1) },
		"edges":            func(f *openFile) { f.was.edges[31]++ },
	}
	seen := map[string]string{known().Identity(): "nothing"}
	for name, change := range changes {
		f := known()
		change(f)
		id := f.Identity()
		if other, ok := seen[id]; ok {
			t.Errorf("%q and %q have the same identity", name, other)
		}
		seen[id] = name
	}
	mounted := known()
	mounted.was.inode = inode{device: 8, number: 7, links: 2, changed: time.Now()}
	if mounted.Identity() != known().Identity() {
		t.Error("device and inode are part of the identity")
	}
	if id := (&openFile{was: known().was}).Identity(); id != "" {
		t.Errorf("identity %q without a path", id)
	}
}

// A file that is reached through a link to its folder is the same file.
func TestIdentityThroughLink(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "real"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", filepath.Join(dir, "link")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "real", "a"), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	direct, linked := openPath(t, filepath.Join(dir, "real", "a")), openPath(t, filepath.Join(dir, "link", "a"))
	if direct.Identity() != linked.Identity() {
		t.Error("another identity through a link")
	}
}
