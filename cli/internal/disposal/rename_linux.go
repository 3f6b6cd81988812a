package disposal

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// rename renames a file in the directory from to a name in the directory to, unless there is
// a file of that name. Not all file systems can do that.
func rename(from *os.File, oldName string, to *os.File, newName string) error {
	err := unix.Renameat2(int(from.Fd()), oldName, int(to.Fd()), newName, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL) {
		return link(from, oldName, to, newName)
	}
	if errors.Is(err, unix.EXDEV) {
		return errElsewhere
	}
	return err
}
