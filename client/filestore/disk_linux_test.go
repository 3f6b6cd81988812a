package filestore_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/client/journal"
)

// mount returns a small file system for the test.
func mount(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := mountAt(t, dir, "size=64k"); err != nil {
		t.Skipf("cannot mount a file system: %v", err)
	}
	return dir
}

// roomy returns a folder in memory if possible, because it takes long to make thousands of
// files on a disk.
func roomy(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	_ = mountAt(t, dir, "size=512m")
	return dir
}

// userFolder returns a folder of a user without privileges, who the test is from now on. For root,
// all permissions would be granted. The system has a user for each thread, so the test keeps its
// thread, and nothing that it checks may run on another goroutine.
func userFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if os.Getuid() != 0 {
		return dir
	}
	const nobody = 65534
	// The user has to find the folder, whose parent is that of root.
	if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o711), os.Chown(dir, nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread()
	if err := syscall.Setfsuid(nobody); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Setfsuid(0); err != nil {
			t.Fatal(err)
		}
		runtime.UnlockOSThread()
	})
	return dir
}

func mountAt(t *testing.T, dir, size string) error {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, size); err != nil {
		return err
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return nil
}

// fill fills the disk except for this number of pages of 4 KiB.
func fill(t *testing.T, dir string, pages int) (freed func()) {
	t.Helper()
	name := filepath.Join(dir, "ballast")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	size := int64(0)
	for page := make([]byte, 4096); ; {
		n, err := f.Write(page)
		size += int64(n)
		if errors.Is(err, syscall.ENOSPC) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(max(0, size-int64(pages)*4096)); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFullDisk checks that a record that does not fit leaves the earlier one as it is.
func TestFullDisk(t *testing.T) {
	for name, pages := range map[string]int{"no room at all": 0, "room for the beginning": 2} {
		t.Run(name, func(t *testing.T) {
			s := open(t, mount(t))
			save(t, s, &sample)
			before := names(t, s.Dir())
			freed := fill(t, s.Dir(), pages)

			large := sample
			large.Source = strings.Repeat("x", 20_000)
			other := large
			other.Key = "other"
			for _, r := range []*journal.Record{&large, &other} {
				if r == &large {
					large.Revision = revisionOf(t, s, sample.Key)
				}
				err := s.Save(t.Context(), r)
				if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), s.Dir()) {
					t.Errorf("Save %s: error %v, want one that says that the disk is full, with the folder", r.Key, err)
				}
			}
			r, err := s.Load(t.Context(), sample.Key)
			if err != nil {
				t.Fatalf("load the earlier record: %v", err)
			}
			if diff := cmp.Diff(&sample, r, withoutRevision); diff != "" {
				t.Errorf("the earlier record (-want +got):\n%s", diff)
			}
			if _, err := s.Load(t.Context(), "other"); !errors.Is(err, journal.ErrNoRecord) {
				t.Errorf("load a record that was never saved: %v", err)
			}

			freed()
			if got := names(t, s.Dir()); !slices.Equal(got, before) {
				t.Errorf("the folder holds %q, want %q", got, before)
			}
			save(t, s, &large)
		})
	}
}

// TestDiskWithoutRoomForFiles checks that a record can be changed and removed on a disk that has no
// room for another file, because that is how people make room. A new content of the record needs a
// file, so Save fails.
func TestDiskWithoutRoomForFiles(t *testing.T) {
	dir := t.TempDir()
	if err := mountAt(t, dir, "size=1m,nr_inodes=40"); err != nil {
		t.Skipf("cannot mount a file system: %v", err)
	}
	s := open(t, dir)
	records := make([]*journal.Record, 3)
	for i := range records {
		records[i] = &journal.Record{Key: fmt.Sprintf("%d-%s", i, place), URL: sample.URL}
		if err := s.Save(t.Context(), records[i]); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 {
		err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("ballast%d", i)), nil, 0o600)
		if errors.Is(err, syscall.ENOSPC) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Save(t.Context(), records[0]); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("Save: error %v, want %v", err, syscall.ENOSPC)
	}
	if err := s.Delete(t.Context(), records[0].Key, records[0].Revision); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "more"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if removed, err := s.Prune(t.Context(), 0); removed != 2 || err != nil {
		t.Errorf("Prune: %d removed, error %v, want 2 and no error", removed, err)
	}
}

// TestReadOnlyFolder checks that errors name a folder that became read-only.
func TestReadOnlyFolder(t *testing.T) {
	dir := mount(t)
	s := open(t, dir)
	save(t, s, &sample)
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("cannot mount it for reading: %v", err)
	}

	if _, err := filestore.New(dir); !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), "not writable") {
		t.Errorf("New: error %v, want %v and %q in it", err, syscall.EROFS, "not writable")
	}
	if _, err := filestore.New(filepath.Join(dir, "a", "b")); !errors.Is(err, syscall.EROFS) {
		t.Errorf("New of a folder below: error %v, want %v", err, syscall.EROFS)
	}
	revision := revisionOf(t, s, sample.Key)
	_, locking := s.Lock(t.Context(), sample.Key)
	_, pruning := s.Prune(t.Context(), 0)
	for op, err := range map[string]error{
		"Save": s.Save(t.Context(), new(sample)), "Delete": s.Delete(t.Context(), sample.Key, revision), "Lock": locking, "Prune": pruning,
	} {
		if !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: error %v, want one that says that the folder is read-only, with the folder", op, err)
		}
	}
	if r, err := s.Load(t.Context(), sample.Key); err != nil || r.URL != sample.URL {
		t.Errorf("Load: record %v, error %v, want URL %q and no error", r, err, sample.URL)
	}
}

// TestForbiddenFolder checks the errors for a folder without permission to write.
func TestForbiddenFolder(t *testing.T) {
	dir := userFolder(t)
	s := open(t, dir)
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if _, err := filestore.New(dir); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("New: error %v, want ErrPermission", err)
	}
	if err := s.Save(t.Context(), new(sample)); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Save: error %v, want ErrPermission", err)
	}
}

// TestReadOnlyRecord checks that a record whose file cannot be written to, such as one from a backup,
// is replaced and removed.
func TestReadOnlyRecord(t *testing.T) {
	s := open(t, userFolder(t))
	for name, change := range map[string]func(*journal.Record) error{
		"Save":   func(r *journal.Record) error { return s.Save(t.Context(), r) },
		"Delete": func(r *journal.Record) error { return s.Delete(t.Context(), r.Key, r.Revision) },
		"Prune":  func(*journal.Record) error { _, err := s.Prune(t.Context(), 0); return err },
	} {
		r := &journal.Record{Key: "k", URL: sample.URL}
		if err := s.Save(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(s.Dir(), "k.json"), 0o400); err != nil {
			t.Fatal(err)
		}
		unlock, err := s.Lock(t.Context(), r.Key)
		if err != nil {
			t.Fatalf("%s: Lock: %v", name, err)
		}
		if err := errors.Join(unlock(), change(r), s.Remove(t.Context(), r.Key)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReadOnlyLists checks the errors for lists that cannot be written to: the finished uploads of an
// endpoint, and the records of a place. Prune removes a list without entries all the same.
func TestReadOnlyLists(t *testing.T) {
	s := open(t, userFolder(t))
	saveSent(t, s, sentRecord("a", 1))
	placed := &journal.Record{Key: "a-" + place, URL: sample.URL, Updated: time.Now()}
	save(t, s, placed)
	list := filepath.Join(s.Dir(), place+".place")
	// A crash left a key without a record.
	appendTo(t, list, "b-"+place+"\n")
	for _, name := range []string{sentFile(s), list} {
		if err := os.Chmod(name, 0o400); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.SaveFinished(t.Context(), sentRecord("b", 2)); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("SaveFinished: error %v, want %v", err, fs.ErrPermission)
	}
	wantSent(t, s, sentRecord("a", 1))
	if _, err := s.Prune(t.Context(), time.Hour); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Prune: error %v, want %v", err, fs.ErrPermission)
	}
	if err := s.Remove(t.Context(), placed.Key); err != nil {
		t.Errorf("Remove: %v", err)
	}
	if _, err := s.Prune(t.Context(), 0); err != nil {
		t.Errorf("Prune of all: %v", err)
	}
	if left, err := os.ReadDir(s.Dir()); err != nil || len(left) > 0 {
		t.Errorf("the folder holds %v, error %v, want nothing and no error", left, err)
	}
}

// TestPipeInPlaceOfRecord checks that a pipe counts as damaged. To open it would block until
// another program writes to it.
func TestPipeInPlaceOfRecord(t *testing.T) {
	s := open(t, t.TempDir())
	if err := syscall.Mkfifo(filepath.Join(s.Dir(), sample.Key+".json"), 0o600); err != nil {
		t.Skipf("cannot make a pipe: %v", err)
	}
	_ = wantDamaged(t, s)
}
