//go:build unix

package filestore

import (
	"errors"
	"os"
	"syscall"
)

// syncFolder flushes the entries of the folder to the disk.
func syncFolder(root *os.Root) error {
	d, err := openFile(root, ".", os.O_RDONLY)
	if err != nil {
		return err
	}
	err = d.Sync()
	// Some file systems cannot flush a folder and return these errors.
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	if closed := d.Close(); err == nil {
		err = closed
	}
	return err
}
