package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/tusker-go/tusker/client/journal"
)

// Lock is that of journal.Store. It holds a lock on the file KEY.lock, which
// unlock removes.
func (s *Store) Lock(ctx context.Context, key string) (unlock func() error, err error) {
	root, err := s.begin(ctx, key)
	if err != nil {
		return nil, s.failed("lock", key, err)
	}
	f, err := lock(root, key)
	if err != nil {
		_ = root.Close()
		return nil, s.failed("lock", key, err)
	}
	return sync.OnceValue(func() error {
		err := errors.Join(free(root, f, key), root.Close())
		if err != nil {
			return s.failed("unlock", key, err)
		}
		return nil
	}), nil
}

// lock returns the open file that the lock is on.
func lock(root *os.Root, key string) (*os.File, error) {
	name := lockName(key)
	for range attempts {
		// A link is not followed: it would be made into a file elsewhere.
		if info, err := root.Lstat(name); err == nil && !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is not a regular file", name)
		}
		f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE, fileMode)
		if err != nil {
			return nil, err
		}
		if err := tryLock(f); err != nil {
			_ = f.Close()
			if errors.Is(err, errLocked) {
				return nil, journal.ErrBusy
			}
			return nil, err
		}
		current, err := isCurrent(root, f, name)
		if err == nil && current {
			return f, nil
		}
		release(f)
		_ = f.Close()
		if err != nil {
			return nil, err
		}
	}
	return nil, errUnsteady
}

// isCurrent tells whether f still has its name. Whoever held the lock when f was
// opened removes the file before letting go, and the next to come makes another:
// a lock on the old one excludes nobody.
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

// free removes the file while it is locked, and lets go of it then.
func free(root *os.Root, f *os.File, key string) error {
	name := lockName(key)
	current, err := isCurrent(root, f, name)
	if current {
		err = root.Remove(name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	release(f)
	return errors.Join(err, f.Close())
}

// errLocked means that another open file holds the lock.
var errLocked = errors.New("locked")
