//go:build unix

package filestore

import (
	"errors"
	"os"
	"syscall"
)

// syncFolder makes the entries of the folder survive a crash of the machine.
func syncFolder(root *os.Root) error {
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	err = d.Sync()
	// Some file systems cannot flush a folder and say so.
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	if closed := d.Close(); err == nil {
		err = closed
	}
	return err
}
