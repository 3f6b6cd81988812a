//go:build unix

package batch

import (
	"io/fs"
	"os"
	"syscall"
)

// directoryFlags open a directory. Without O_NONBLOCK, the system would wait for a
// writer if a pipe has replaced the directory.
const directoryFlags = os.O_RDONLY | syscall.O_NONBLOCK

// fileID tells one file from all others. It is much smaller than a fs.FileInfo.
type fileID struct{ device, inode uint64 }

func idOf(info fs.FileInfo) fileID {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}
	}
	return fileID{uint64(s.Dev), uint64(s.Ino)} //nolint:unconvert // their types differ between systems
}

// is reports whether info is about the same file.
func (id fileID) is(info fs.FileInfo) bool { return id != fileID{} && id == idOf(info) }
