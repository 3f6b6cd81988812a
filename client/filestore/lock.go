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
	if err == nil {
		if err = awaitChange(ctx, root, key); err != nil {
			_ = free(root, f, lockName(key))
		}
	}
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

// awaitChange waits until no change of the record runs that began before the lock of the upload
// was there. Prune takes no lock that has no file, and may be about to remove the record. A later
// Prune sees the lock.
func awaitChange(ctx context.Context, root *os.Root, key string) error {
	g, err := guardedRecord(root, key).waitExisting(ctx)
	if err != nil {
		return unlessGone(err)
	}
	g.release()
	return nil
}

// lock locks the file called name, which it makes if necessary, and returns it open. The
// error Is ErrBusy if another open file holds the lock.
func lock(root *os.Root, name string) (*os.File, error) {
	return lockCurrent(root, name, func() (*os.File, error) {
		// Most locks have no file yet. A link is not followed, because the file would be created
		// at its target.
		f, err := openFile(root, name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
		if errors.Is(err, fs.ErrExist) {
			if info, err := root.Lstat(name); err == nil && !info.Mode().IsRegular() {
				return nil, fmt.Errorf("%s is not a regular file", name)
			}
			f, err = openFile(root, name, os.O_RDWR|os.O_CREATE)
		}
		return f, err
	})
}

// existing is a locked file that was there before.
type existing struct {
	*os.File
	denied error // why the file is open for reading only; nil if it is open for writing, too
}

// lockExisting locks the file called name and returns it open for reading, and if possible for
// writing and what flag adds. The error Is ErrBusy if another open file holds the lock,
// fs.ErrNotExist if there is no file, and errNotRegular if something else has the name.
func lockExisting(root *os.Root, name string, flag int) (existing, error) {
	var denied error
	f, err := lockCurrent(root, name, func() (*os.File, error) {
		// A network file system locks only files that are open for writing.
		f, err := openFile(root, name, os.O_RDWR|flag)
		denied = nil
		if errors.Is(err, fs.ErrPermission) {
			denied = err
			f, err = openFile(root, name, os.O_RDONLY)
		}
		if err == nil {
			return f, nil
		}
		info, gone := root.Lstat(name)
		switch {
		case gone != nil:
			return nil, gone
		case !info.Mode().IsRegular():
			return nil, errNotRegular
		}
		return nil, err
	})
	return existing{f, denied}, err
}

// lockCurrent locks the file that open returns, and opens another one if the name has moved on
// to another file meanwhile.
func lockCurrent(root *os.Root, name string, open func() (*os.File, error)) (*os.File, error) {
	for range attempts {
		f, err := open()
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
		unlock(f)
		if err != nil {
			return nil, err
		}
	}
	return nil, errUnsteady
}

// isCurrent reports whether f still has its name. The holder of a lock removes or replaces the
// file before it releases the lock. A lock on such a file excludes no other process. The error
// Is errNotRegular if something else than a file has the name.
func isCurrent(root *os.Root, f *os.File, name string) (bool, error) {
	mine, err := f.Stat()
	if err != nil {
		return false, err
	}
	current, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case !current.Mode().IsRegular():
		return false, errNotRegular
	}
	return os.SameFile(mine, current), nil
}

// isRegular reports whether there is a file called name, and not a link or a folder.
func isRegular(root *os.Root, name string) bool {
	info, err := root.Lstat(name)
	return err == nil && info.Mode().IsRegular()
}

// free removes the file called name while it is locked, and then releases the lock. It leaves
// another file that has the name, because a person may have removed the file of a lock that was
// held for long.
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

// discard is free for a lock that was held for a short time.
func discard(root *os.Root, f *os.File, name string) {
	_ = root.Remove(name)
	unlock(f)
}

// unlock releases a lock whose file stays, and closes the file.
func unlock(f *os.File) {
	filelock.Unlock(f)
	_ = f.Close()
}
