package flags

import (
	"os"

	"golang.org/x/sys/unix"
)

// widen enlarges a pipe to the number of bytes that one read takes. With the
// default of 64 KiB, reader and writer wait for each other sixteen times as often.
// It ignores files that are not pipes, and errors of the system.
func widen(f *os.File) {
	conn, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Control(func(fd uintptr) {
		_, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, 1<<20)
	})
}
