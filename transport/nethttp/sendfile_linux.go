package nethttp

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/tusker-go/tusker/transport"
)

// sendSize is the maximum number of bytes of one sendfile call. The operating
// system sends as many of them as fit into the buffer of the connection. A slow
// disk delays the call, and with it the end of a canceled request.
const sendSize = 256 << 10

// probeSize is the number of bytes that are copied to find out why sendfile sends
// nothing.
const probeSize = 4 << 10

// sendFile sends a body that is in a file by sendfile. If it returns no error,
// the caller copies the rest of r.
func sendFile(to net.Conn, r io.Reader) (total int64, err error) {
	limit, ok := r.(*io.LimitedReader) // net/http wraps a body in a LimitedReader
	if !ok {
		return 0, nil
	}
	from, ok := limit.R.(transport.FileSender)
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
		case failed != nil:
			// The error may concern the file or the network. Reading finds an
			// error of the file. Writing finds an error of the network or waits
			// for it.
			n, err := copyPiece(conn, limit)
			total += n
			var broken *net.OpError
			switch {
			case errors.Is(failed, syscall.EAGAIN):
				if err != nil {
					return total, err
				}
				continue
			case errors.As(err, &broken):
				// A second write would return a broken pipe instead of the
				// cause.
				broken.Err = os.NewSyscallError("sendfile", failed)
			}
			return total, err
		case n == 0 && err == nil, err == io.EOF: //nolint:errorlint // Readers give it as it is.
			return total, nil // the caller's read reports it
		case err != nil:
			return total, err
		}
	}
	return total, nil
}

// sendPiece sends as much as the buffer of the connection takes. failed is the
// error of sendfile. err is an error of the file or the connection.
func sendPiece(raw syscall.RawConn, from transport.FileSender, most int64) (n int64, failed, err error) {
	closed := raw.Write(func(to uintptr) bool {
		n, err = from.SendFile(func(file uintptr, off, size int64) (int64, error) {
			var sent int
			sent, failed = sendfile(int(to), int(file), off, int(min(size, most, sendSize)))
			return int64(sent), failed
		})
		return true
	})
	if closed != nil {
		return 0, nil, closed
	}
	return n, failed, err
}

func sendfile(to, file int, off int64, size int) (int, error) {
	for {
		n, err := syscall.Sendfile(to, file, &off, size)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}

// copyPiece copies up to probeSize bytes. Only an error of the write is a
// *net.OpError.
func copyPiece(to net.Conn, from io.Reader) (int64, error) {
	buf := leastBuffers.Get().(*[leastCopy]byte)
	defer leastBuffers.Put(buf)
	n, rerr := from.Read(buf[:probeSize])
	if n > 0 {
		m, err := to.Write(buf[:n])
		if err != nil {
			return int64(m), err
		}
	}
	if rerr == io.EOF {
		rerr = nil
	}
	return int64(n), rerr
}
