package transport

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
)

// FileBody returns the n bytes of f from off as a request body which net/http
// can hand to the kernel (sendfile and its like) over plain HTTP/1.1, when the
// request's ContentLength is n. Over TLS and HTTP/2 it is read as any other.
// Anything wrapped around it undoes that: io.NopCloser, a counter, a tee.
//
// The body owns the position of f from this call on, and net/http may go on
// reading for a while after the answer is there, until it closes the body: give
// each body an *os.File of its own. Close ends reading but leaves f open; the
// caller closes f, and may do so at any time after the request.
//
// Read returns io.ErrUnexpectedEOF where f ends before its n bytes do. For n
// of 0 the body is http.NoBody. An error means that off or n is negative or
// that f cannot seek.
func FileBody(f *os.File, off, n int64) (io.ReadCloser, error) {
	if off < 0 || n < 0 || off+n < 0 {
		return nil, fmt.Errorf("file body: %d bytes from %d: %w", n, off, errBadRange)
	}
	if _, err := f.Seek(off, io.SeekStart); err != nil {
		return nil, fmt.Errorf("file body: %w", err)
	}
	if n == 0 {
		return http.NoBody, nil
	}
	return &fileBody{f: f, end: off + n}, nil
}

var errBadRange = errors.New("range is not valid")

// fileBody has exactly the methods that net looks for before it uses sendfile.
// WriteTo or an embedded *os.File would take another path.
type fileBody struct {
	f      *os.File
	end    int64
	closed atomic.Bool
}

func (b *fileBody) Read(p []byte) (int, error) {
	if b.closed.Load() {
		return 0, errClosed(b.f)
	}
	if len(p) == 0 {
		return 0, nil
	}
	// The kernel moves the position without a call of Read, and net/http reads
	// once more afterwards to see that nothing is left: only the file knows
	// how far it is.
	pos, err := b.f.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	left := b.end - pos
	if left <= 0 {
		return 0, io.EOF
	}
	n, err := b.f.Read(p[:min(int64(len(p)), left)])
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (b *fileBody) Close() error {
	b.closed.Store(true)
	return nil
}

// SyscallConn gives net the descriptor to send from.
func (b *fileBody) SyscallConn() (syscall.RawConn, error) {
	if b.closed.Load() {
		return nil, errClosed(b.f)
	}
	return b.f.SyscallConn()
}

func errClosed(f *os.File) error {
	return &os.PathError{Op: "read", Path: f.Name(), Err: os.ErrClosed}
}
