//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package download

import (
	"errors"
	"os"
	"syscall"
)

// tryLock locks the open file, for all processes, without waiting. Closing the
// file unlocks it.
func tryLock(f *os.File) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var locked error
	if err := c.Control(func(fd uintptr) {
		locked = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB)
	}); err != nil {
		return err
	}
	switch {
	case errors.Is(locked, syscall.EWOULDBLOCK):
		return ErrBusy
	case locked != nil && !errors.Is(locked, errors.ErrUnsupported):
		return &os.PathError{Op: "flock", Path: f.Name(), Err: locked}
	}
	return nil
}
