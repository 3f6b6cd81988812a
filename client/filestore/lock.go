package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/tusker-go/tusker/client/filelock"
	"github.com/tusker-go/tusker/client/journal"
)

// Lock implements journal.Store. It holds a lock on the file KEY.lock, which unlock
// removes. The lock cannot be lost while the process runs.
func (s *Store) Lock(ctx context.Context, key string) (unlock func() error, err error) {
	root, err := s.begin(ctx, key)
	if err != nil {
		return nil, s.failed("lock", key, err)
	}
	f, err := lock(root, lockName(key))
	if err != nil {
		_ = root.Close()
		return nil, s.failed("lock", key, err)
	}
	return sync.OnceValue(func() error {
		err := errors.Join(free(root, f, lockName(key)), root.Close())
		if err != nil {
			return s.failed("unlock", key, err)
		}
		return nil
	}), nil
}

// lock locks the file called name, which it makes if necessary, and returns it open. The
// error Is ErrBusy if another open file holds the lock.
func lock(root *os.Root, name string) (*os.File, error) {
	for range attempts {
		// Most locks have no file yet. A link is not followed, because the file would be created
		// at its target.
		f, err := openFile(root, name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
		if errors.Is(err, fs.ErrExist) {
			if info, err := root.Lstat(name); err == nil && !info.Mode().IsRegular() {
				return nil, fmt.Errorf("%s is not a regular file", name)
			}
			f, err = openFile(root, name, os.O_RDWR|os.O_CREATE)
		}
		if err != nil {
			return nil, err
		}
		if err := filelock.TryLock(f); err != nil {
			_ = f.Close()
			if errors.Is(err, filelock.ErrLocked) {
				return nil, journal.ErrBusy
			}
			return nil, err
		}
		current, err := isCurrent(root, f, name)
		if err == nil && current {
			return f, nil
		}
		filelock.Unlock(f)
		_ = f.Close()
		if err != nil {
			return nil, err
		}
	}
	return nil, errUnsteady
}

// isCurrent reports whether f still has its name. The holder of a lock removes the file
// before it releases the lock, and the next holder makes a new file. A lock on a removed
// file excludes no other process.
func isCurrent(root *os.Root, f *os.File, name string) (bool, error) {
	mine, err := f.Stat()
	if err != nil {
		return false, err
	}
	current, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return os.SameFile(mine, current), nil
}

// free removes the file called name while it is locked, and then releases the lock.
func free(root *os.Root, f *os.File, name string) error {
	current, err := isCurrent(root, f, name)
	if current {
		err = root.Remove(name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	filelock.Unlock(f)
	return errors.Join(err, f.Close())
}
