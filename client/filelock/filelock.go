// Package filelock locks open files, so that one process at a time works with them.
//
// The lock belongs to the open file: it ends with Unlock, with the close of the file, or with
// the process, so that no lock is left after a crash. It is a lock of flock(2), or of
// LockFileEx on Windows, where no other open file can read or write the locked one. On a
// system with neither, the lock only excludes others in the same process, and only Unlock
// ends it.
//
// A file that is locked by its path may have been removed or replaced between its opening and
// the lock. Compare it with the file of that path, with os.SameFile, after TryLock.
package filelock

import (
	"errors"
	"os"
)

// Advisory reports whether other open files can read, write and replace a locked file. They
// cannot on Windows.
const Advisory = advisory

// ErrLocked means that another open file has the lock.
var ErrLocked = errors.New("locked")

// TryLock locks the open file f without waiting. The error Is ErrLocked if another open file
// has the lock, of this process or of another one. It is safe for concurrent use.
func TryLock(f *os.File) error { return tryLock(f) }

// Unlock unlocks a file that TryLock locked. Call it before the file is closed: a child
// process that is being started may have a copy of the open file, and Windows unlocks a
// closed file some time later. It does nothing if f is not locked.
func Unlock(f *os.File) { unlock(f) }
