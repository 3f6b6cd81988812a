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
const atOnce = 256 << 10

// probe is how many bytes are copied to find out why the system sends none.
const probe = 4 << 10

// sendFile has the system send a body that lies in a file, without its bytes
// coming into memory. What is left of r after it, without an error, is to be
// copied.
func sendFile(to net.Conn, r io.Reader) (total int64, err error) {
	limit, ok := r.(*io.LimitedReader) // which net/http puts around a body
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
			// What the system says may be about the file as well as about the
			// network: reading shows the one, and writing the other, or waits
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
				// A write that comes after finds no more than a broken pipe.
				broken.Err = os.NewSyscallError("sendfile", failed)
			}
			return total, err
		case n == 0 && err == nil, err == io.EOF: //nolint:errorlint // Readers give it as it is.
			return total, nil // reading says so too
		case err != nil:
			return total, err
		}
	}
	return total, nil
}

// sendPiece sends what the network takes at once. failed is what the system says,
// err what the file or the connection does.
func sendPiece(raw syscall.RawConn, from transport.FileSender, most int64) (n int64, failed, err error) {
	closed := raw.Write(func(to uintptr) bool {
		n, err = from.SendFile(func(file uintptr, off, size int64) (int64, error) {
			var sent int
			sent, failed = sendfile(int(to), int(file), off, int(min(size, most, atOnce)))
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

// copyPiece copies a few bytes. Only an error of writing is a *net.OpError.
func copyPiece(to net.Conn, from io.Reader) (int64, error) {
	buf := leastBuffers.Get().(*[leastCopy]byte)
	defer leastBuffers.Put(buf)
	n, rerr := from.Read(buf[:probe])
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
