//go:build unix

package download

import (
	"errors"
	"syscall"
)

// isFull reports whether err means that the disk, or the share of it that the user may
// have, is full.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
