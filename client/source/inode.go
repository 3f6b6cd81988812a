package source

import (
	"io/fs"
	"time"
)

// inode is what a system keeps of a file besides its size and its times of
// access and modification. The zero value means that the system has none of it.
type inode struct {
	device, number uint64
	links          uint64
	uid, gid       uint32
	mode           fs.FileMode
	changed        time.Time // ctime: when the bytes or one of the other fields changed
}

// rewritten reports whether the time of change moved though no other field of the
// inode explains that. A program that writes to a file and then restores its time
// of modification leaves only this trace. A new link, mode or owner moves the time
// of change as well, and does not touch the bytes.
func (was inode) rewritten(now inode) bool {
	moved := !was.changed.Equal(now.changed)
	was.changed = now.changed
	return moved && was == now
}
