package disposal

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// rename renames a file in the directory from to a name in the directory to, unless there is
// a file of that name.
func rename(from *os.File, oldName string, to *os.File, newName string) error {
	before, err := windows.UTF16PtrFromString(filepath.Join(from.Name(), oldName))
	if err != nil {
		return err
	}
	after, err := windows.UTF16PtrFromString(filepath.Join(to.Name(), newName))
	if err != nil {
		return err
	}
	err = windows.MoveFileEx(before, after, 0)
	if errors.Is(err, windows.ERROR_NOT_SAME_DEVICE) {
		return errElsewhere
	}
	return err
}
