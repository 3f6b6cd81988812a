//go:build unix

package filestore

import (
	"errors"
	"os"
	"syscall"
)

// noWait is a flag of an open file. A pipe is opened without the other end, and for a regular
// file the runtime need not ask the system whether it is one: that takes four system calls.
const noWait = syscall.O_NONBLOCK

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
