package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

const advisory = false

// everything is the length of a lock that covers any file.
const everything = ^uint32(0)

// tryLock locks the open file, for all processes, without waiting.
func tryLock(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, everything, everything, new(windows.Overlapped))
	switch {
	case err == nil:
		return nil
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_IO_PENDING):
		return ErrLocked
	}
	return &os.PathError{Op: "LockFileEx", Path: f.Name(), Err: err}
}

// unlock unlocks what tryLock locked. If the file was only closed, the system would
// unlock it at a later time.
func unlock(f *os.File) {
	_ = windows.UnlockFileEx(windows.Handle(f.Fd()), 0, everything, everything, new(windows.Overlapped))
}
