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

// FileBody returns n bytes of f, from the offset off, as a request body.
// net/http can have the operating system send the body (sendfile and similar
// calls) over plain HTTP/1.1 if the ContentLength of the request is n. Over TLS
// and HTTP/2, the body is read like any other. A wrapper around the body, such
// as io.NopCloser, a counter or a tee, prevents sendfile.
//
// The body uses the position of f after this call. net/http may continue to
// read after it has returned the answer, until it closes the body, so each body
// needs its own *os.File. Close ends reading and does not close f. The caller
// closes f, at any time after the request.
//
// Read returns io.ErrUnexpectedEOF if f ends before the n bytes do. An n of 0
// returns http.NoBody. A negative off or n, or an f that cannot seek, is an
// error.
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

// fileBody has exactly the methods that package net requires for sendfile. With
// WriteTo or an embedded *os.File, package net would not use sendfile.
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
	// The operating system moves the position without a call of Read. net/http
	// then reads once more to check that nothing is left, so only the position
	// of the file tells how much was sent.
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

// SyscallConn returns the descriptor from which package net sends.
func (b *fileBody) SyscallConn() (syscall.RawConn, error) {
	if b.closed.Load() {
		return nil, errClosed(b.f)
	}
	return b.f.SyscallConn()
}

func errClosed(f *os.File) error {
	return &os.PathError{Op: "read", Path: f.Name(), Err: os.ErrClosed}
}
