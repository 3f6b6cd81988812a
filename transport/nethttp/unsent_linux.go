package nethttp

import (
	"net"
	"syscall"
)

const (
	// tcpNotSentLowat is TCP_NOTSENT_LOWAT, which package syscall lacks.
	tcpNotSentLowat = 25

	// mostUnsent is the maximum number of bytes in the send buffer that were
	// not sent yet. They are sent again if the connection breaks. A larger value does not make
	// requests faster: the kernel asks for more bytes as soon as it has fewer.
	mostUnsent = 128 << 10
)

// limitUnsent limits the unsent bytes in the send buffer of c. The progress of
// buffered bytes is not visible, and a buffer of 4 MiB over a slow link would
// hide the progress for longer than the stall timeout.
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
