package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/tusker-go/tusker/client/filelock"
	"github.com/tusker-go/tusker/client/journal"
)

const (
	// guardWait is the first pause before a guard that is held is tried again, and
	// maxGuardWait the longest.
	guardWait    = time.Millisecond
	maxGuardWait = 20 * time.Millisecond
)

// guarded is a file that is read and then changed in one step, such as a record whose revision
// is compared. The guard of the file excludes other processes and goroutines during the step. The
// lock of an upload would not do, since its holder saves records, too, and may be overtaken.
//
// The guard is a lock on the file itself. If there is no file, or something else has its name,
// the guard is a lock on another file, which the holder makes and removes. One process at a time
// holds either lock in a state in which it counts: under the lock on the file, the file is
// replaced or removed, and only under the other lock it is created.
//
// On Windows, the guard is always the lock on the other file, because a locked file cannot be
// replaced.
type guarded struct {
	root  *os.Root
	name  string // of the file
	other string // name of the other file
}

func guardedRecord(root *os.Root, key string) guarded {
	return guarded{root, recordName(key), guardName(key)}
}

// guardedSent returns a file of finished uploads.
func guardedSent(root *os.Root, name string) guarded {
	return guarded{root, name, guardName(name)}
}

// guard is a guard that this process holds.
type guard struct {
	guarded
	locked existing // open for appending if it is the guarded file and its mode allows that
	own    bool     // the locked file is the guarded one
}

// wait takes the guard when it is free.
func (g guarded) wait(ctx context.Context) (*guard, error) {
	return patiently(ctx, func() (*guard, error) { return g.take(true) })
}

// waitExisting is wait for a file that exists. The error Is fs.ErrNotExist if there is none.
func (g guarded) waitExisting(ctx context.Context) (*guard, error) {
	return patiently(ctx, g.takeExisting)
}

// takeExisting is waitExisting, but the error Is journal.ErrBusy if the guard is held.
func (g guarded) takeExisting() (*guard, error) { return g.take(false) }

func (g guarded) take(absent bool) (*guard, error) {
	for range attempts {
		f, err := g.lockFile()
		if err == nil {
			return &guard{g, f, true}, nil
		}
		if !errors.Is(err, errNotRegular) && (!absent || !errors.Is(err, fs.ErrNotExist)) {
			return nil, err
		}
		held, err := g.takeOther()
		if !errors.Is(err, errCreated) {
			return held, err
		}
	}
	return nil, errUnsteady
}

// errCreated means that the guarded file is the one to be locked, because it was created meanwhile.
var errCreated = errors.New("the guarded file was created meanwhile")

// takeOther takes the guard by the lock on the other file, after the guarded file was not found. The
// error Is errCreated if it is there now: a process that has the lock on it may be about to replace
// it, and does not see the lock on the other file.
func (g guarded) takeOther() (*guard, error) {
	f, err := lock(g.root, g.other)
	if err != nil {
		return nil, err
	}
	if filelock.Advisory && isRegular(g.root, g.name) {
		discard(g.root, f, g.other)
		return nil, errCreated
	}
	return &guard{g, existing{File: f}, false}, nil
}

// lockFile locks the guarded file. The error Is errNotRegular if the other file is to be locked.
func (g guarded) lockFile() (existing, error) {
	if filelock.Advisory {
		return lockExisting(g.root, g.name, os.O_APPEND)
	}
	if _, err := g.root.Lstat(g.name); err != nil {
		return existing{}, err
	}
	return existing{}, errNotRegular
}

// release ends the guard.
func (g *guard) release() {
	if g.own {
		unlock(g.locked.File)
		return
	}
	// A file that stays behind is harmless, and Prune removes it.
	discard(g.root, g.locked.File, g.other)
}

// read returns the record of key, which is the guarded file.
func (g *guard) read(key string) (*journal.Record, error) {
	if !g.own {
		r, _, err := read(g.root, key)
		return r, err
	}
	b, _, err := readOpen(g.locked.File)
	if err != nil {
		return nil, err
	}
	return decode(key, b)
}

// patiently calls take until the lock that it takes is free.
func patiently[T any](ctx context.Context, take func() (T, error)) (T, error) {
	for wait := guardWait; ; wait = min(2*wait, maxGuardWait) {
		held, err := take()
		if !errors.Is(err, journal.ErrBusy) {
			return held, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return held, context.Cause(ctx)
		}
	}
}

// revision returns the revision of what read returned for a key, or "" if there is no record
// that can be read.
func revision(r *journal.Record, err error) (string, error) {
	switch {
	case err == nil:
		return r.Revision, nil
	case errors.Is(err, journal.ErrNoRecord), errors.Is(err, journal.ErrRecordDamaged):
		return "", nil
	}
	return "", err
}

// conflict returns an error if the stored revision is not the one that the caller knows.
func conflict(stored, known string) error {
	if stored == known {
		return nil
	}
	return fmt.Errorf("%w: its revision is %q, not %q", journal.ErrConflict, stored, known)
}
