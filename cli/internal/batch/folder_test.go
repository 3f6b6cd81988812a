package batch

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/client"
)

// makeTree creates files with those slash-separated names, whose content is their name,
// and returns their directory.
func makeTree(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// replaceByLink moves a file away and puts a link in its place.
func replaceByLink(t *testing.T, name, target string) {
	t.Helper()
	if err := os.Rename(name, name+".old"); err != nil {
		t.Error(err)
	}
	if err := os.Symlink(target, name); err != nil {
		t.Error(err)
	}
}

// makePipe creates a named pipe.
func makePipe(t *testing.T, name string) {
	t.Helper()
	mkfifo, err := exec.LookPath("mkfifo")
	if err != nil {
		t.Skip(err)
	}
	if err := exec.CommandContext(t.Context(), mkfifo, name).Run(); err != nil {
		t.Fatal(err)
	}
}

// A directory that is replaced between its listing and its reading is not read.
func TestDirectoryIsReplacedWhileWalking(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("not everybody may make links")
	}
	for name, test := range map[string]struct {
		target string
		is     error
	}{"outside": {"../../secret", nil}, "inside": {"../other", client.ErrSourceChanged}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := makeTree(t, "public/in/sub/a", "public/other/a", "secret/a")
			info, err := os.Stat(dir + "/public")
			if err != nil {
				t.Fatal(err)
			}
			f := newFolder(dir+"/public", info, false)
			root, err := f.open()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = root.Close() }()
			seen := rooted{f, root}
			listed, err := seen.look("in/sub")
			if err != nil {
				t.Fatal(err)
			}
			replaceByLink(t, dir+"/public/in/sub", test.target)
			names, err := namesIn(seen, "in/sub", listed)
			if err == nil || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("found %q, %v, want an error (%v)", names, err, test.is)
			}
		})
	}
}

// The walk does not wait for a pipe that replaces a directory.
func TestDirectoryBecomesPipe(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, "public/sub/a")
	info, err := os.Stat(dir + "/public")
	if err != nil {
		t.Fatal(err)
	}
	f := newFolder(dir+"/public", info, false)
	root, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	seen := rooted{f, root}
	listed, err := seen.look("sub")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir + "/public/sub"); err != nil {
		t.Fatal(err)
	}
	makePipe(t, dir+"/public/sub")
	if err := os.Rename(dir+"/public", dir+"/was"); err != nil {
		t.Fatal(err)
	}
	makePipe(t, dir+"/public")
	done := make(chan error, 2)
	go func() {
		_, err := namesIn(seen, "sub", listed)
		done <- err
	}()
	go func() {
		_, err := f.open()
		done <- err
	}()
	for range 2 {
		select {
		case err := <-done:
			if err == nil {
				t.Error("a pipe is no directory")
			}
		case <-time.After(10 * time.Second):
			t.Fatal("it waits for the pipe")
		}
	}
}

// A folder that is replaced while its files are sent is an error, and none after it is back.
func TestOpenFolderIsReplaced(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("an open folder cannot be renamed")
	}
	dir := makeTree(t, "in/a", "in/b", "other/a", "other/b")
	list, err := Find(t.Context(), nil, &flags.Selection{Recursive: true}, nil, []string{filepath.Join(dir, "in")})
	if err != nil || list.Len() != 2 {
		t.Fatalf("found %d files, %v", list.Len(), err)
	}
	defer list.close()
	open := func(i int) error {
		e := list.entries.at(i)
		src, err := e.in.source(&e)
		if err != nil {
			return err
		}
		opened, err := src.Open(t.Context(), 0)
		if err == nil {
			err = opened.Close()
		}
		return err
	}
	move := func(from, to string) {
		if err := os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
			t.Fatal(err)
		}
	}
	if err := open(0); err != nil {
		t.Fatal(err)
	}
	move("in", "was")
	if err := open(1); !errors.Is(err, client.ErrSource) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without the folder: %v", err)
	}
	move("other", "in")
	if err := open(1); !errors.Is(err, client.ErrSourceChanged) {
		t.Errorf("in another folder: %v", err)
	}
	move("in", "other")
	move("was", "in")
	if err := open(1); err != nil {
		t.Errorf("in the folder: %v", err)
	}
}
