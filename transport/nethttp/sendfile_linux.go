package nethttp

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/tusker-go/tusker/transport"
)

// atOnce is how many bytes the system is asked to send at a time. It takes what
// fits into the buffer of the connection; only a slow disk makes it wait, and a
// request that ends meanwhile waits for that.
const atOnce = 1 << 20

// sendFile has the system send a body that lies in a file, without its bytes
// coming into memory. What is left of r after it, without an error, is to be
// copied.
func sendFile(to net.Conn, r io.Reader) (total int64, err error) {
	limit, ok := r.(*io.LimitedReader) // which net/http puts around a body
	if !ok {
		return 0, nil
	}
	from, ok := limit.R.(transport.FileReader)
	if !ok {
		return 0, nil
	}
	conn, ok := to.(*net.TCPConn)
	if !ok {
		return 0, nil
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	for limit.N > 0 {
		n, failed, err := sendPiece(raw, from, limit.N)
		total += n
		limit.N -= n
		switch {
		case isNetwork(failed):
			return total, writeError(conn, os.NewSyscallError("sendfile", failed))
		case failed != nil, err == io.EOF: //nolint:errorlint // Readers give it as it is.
			return total, nil // reading tells what is wrong, if anything is
		case err != nil:
			return total, err
		}
	}
	return total, nil
}

// sendPiece waits until the network takes some bytes. failed is what the system
// says, err what the file or the connection does.
func sendPiece(raw syscall.RawConn, from transport.FileReader, most int64) (n int64, failed, err error) {
	closed := raw.Write(func(to uintptr) bool {
		failed = nil
		n, err = from.SendFile(func(file uintptr, off, size int64) (int64, error) {
			var sent int
			sent, failed = sendfile(int(to), int(file), off, int(min(size, most, atOnce)))
			return int64(sent), failed
		})
		return !errors.Is(failed, syscall.EAGAIN)
	})
	if closed != nil {
		return 0, nil, closed
	}
	return n, failed, err
}

func sendfile(to, file int, off int64, size int) (int, error) {
	for {
		n, err := syscall.Sendfile(to, file, &off, size)
		if err != syscall.EINTR { //nolint:errorlint // The system gives it as it is.
			return max(n, 0), err
		}
	}
}

// isNetwork tells the errors of a connection from those of a file, and from a
// system that cannot send from it.
func isNetwork(err error) bool {
	for _, target := range []error{
		syscall.EPIPE, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.ENOTCONN, syscall.ETIMEDOUT,
		syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN, syscall.ENETRESET,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

func writeError(c net.Conn, err error) error {
	return &net.OpError{Op: "write", Net: c.RemoteAddr().Network(), Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}
