package app

import (
	"os"

	"golang.org/x/sys/unix"
)

// widen lets a pipe hold as many bytes as are read from it at a time: at the 64 KiB
// that it has by itself, reader and writer wait for each other sixteen times as
// often. What is no pipe, and a system that has no more to give, are left alone.
func widen(f *os.File) {
	conn, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Control(func(fd uintptr) {
		_, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, 1<<20)
	})
}
