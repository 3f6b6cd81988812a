//go:build unix

package disposal

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// link gives a file a second name, and then removes the first one.
func link(from *os.File, oldName string, to *os.File, newName string) error {
	err := unix.Linkat(int(from.Fd()), oldName, int(to.Fd()), newName, 0)
	switch {
	case errors.Is(err, unix.EXDEV), errors.Is(err, unix.EPERM), errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.ENOSYS):
		return errElsewhere
	case err != nil:
		return err
	}
	return unix.Unlinkat(int(from.Fd()), oldName, 0)
}
