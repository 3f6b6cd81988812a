//go:build unix

package client

import (
	"io/fs"
	"syscall"
)

// fileID gives the device and inode of a file.
func fileID(info fs.FileInfo) (device, inode uint64) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Dev), uint64(s.Ino) //nolint:unconvert // their types differ between systems
	}
	return 0, 0
}
