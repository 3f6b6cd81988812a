package download

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// tryLock locks the open file, for all processes, without waiting. Closing the
// file unlocks it.
func tryLock(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	const everything = ^uint32(0)
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, everything, everything, new(windows.Overlapped))
	switch {
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_IO_PENDING):
		return ErrBusy
	case err != nil:
		return &os.PathError{Op: "LockFileEx", Path: f.Name(), Err: err}
	}
	return nil
}
