package textfile

import (
	"errors"
	"io/fs"
	"syscall"
)

// IsAbsent reports whether err means that an optional file does not exist. This
// includes a path below a file that is not a folder, as with HOME=/dev/null.
func IsAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
