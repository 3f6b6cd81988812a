//go:build unix

package source

import (
	"io/fs"
	"syscall"
)

// inodeOf gives the inode of a file, or the zero value for a file that is not on
// a disk of this system.
func inodeOf(info fs.FileInfo) inode {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return inode{}
	}
	//nolint:unconvert // the types differ between systems
	return inode{
		device: uint64(s.Dev), number: uint64(s.Ino), links: uint64(s.Nlink), uid: uint32(s.Uid), gid: uint32(s.Gid),
		mode: info.Mode(), changed: changeTime(s),
	}
}
