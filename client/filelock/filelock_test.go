package filelock_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tusker-go/tusker/client/filelock"
)

// open opens the file called name, and closes it at the end of the test.
func open(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// A lock excludes each other open file, until it is unlocked.
func TestLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a")
	first, second := open(t, name), open(t, name)
	if err := filelock.TryLock(first); err != nil {
		t.Fatal(err)
	}
	if err := filelock.TryLock(second); !errors.Is(err, filelock.ErrLocked) {
		t.Errorf("the second lock: %v, want %v", err, filelock.ErrLocked)
	}
	if err := filelock.TryLock(open(t, name+"b")); err != nil {
		t.Errorf("another file: %v", err)
	}
	filelock.Unlock(first)
	if err := filelock.TryLock(second); err != nil {
		t.Errorf("after Unlock: %v", err)
	}
	filelock.Unlock(second)
}

// Unlock of a file that is not locked leaves the lock of another open file.
func TestUnlockWithoutLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a")
	first, second := open(t, name), open(t, name)
	if err := filelock.TryLock(first); err != nil {
		t.Fatal(err)
	}
	filelock.Unlock(second)
	if err := filelock.TryLock(second); !errors.Is(err, filelock.ErrLocked) {
		t.Errorf("after the Unlock of another file: %v, want %v", err, filelock.ErrLocked)
	}
	filelock.Unlock(first)
}
