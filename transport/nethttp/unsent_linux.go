package nethttp

import (
	"net"
	"syscall"
)

const (
	// tcpNotSentLowat is TCP_NOTSENT_LOWAT, which package syscall lacks.
	tcpNotSentLowat = 25

	// mostUnsent is how many bytes the system may hold that it has not sent yet.
	mostUnsent = 1 << 20
)

// limitUnsent keeps the system from taking more of a body than it will send soon:
// of what lies in its buffers nobody can tell whether it moves, and 4 MiB there
// hide a slow link for longer than a stall may last.
func limitUnsent(c net.Conn) {
	conn, ok := c.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpNotSentLowat, mostUnsent)
	})
}
