package nethttp_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/tusker-go/tusker/transport"
)

var _ transport.FileSender = (*fileSender)(nil)

// fileSender is a FileSender that counts the bytes that are read and sent.
type fileSender struct {
	f    *os.File
	off  int64
	size int64

	fd         uintptr // descriptor to send from; 0: that of f
	read, sent int64
	calls      int
	onSend     func()
	closed     chan struct{} // closed by Close
}

// wait waits until net/http has closed the body.
func (r *fileSender) wait() { <-r.closed }

func (r *fileSender) Read(p []byte) (int, error) {
	left := r.size - r.off
	if left <= 0 {
		return 0, io.EOF
	}
	n, err := r.f.ReadAt(p[:min(int64(len(p)), left)], r.off)
	r.off += int64(n)
	r.read += int64(n)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (r *fileSender) SendFile(send func(fd uintptr, off, n int64) (int64, error)) (int64, error) {
	r.calls++
	if r.onSend != nil {
		r.onSend()
	}
	left := r.size - r.off
	if left <= 0 {
		return 0, io.EOF
	}
	fd := r.fd
	if fd == 0 {
		fd = r.f.Fd()
	}
	n, err := send(fd, r.off, left)
	r.off += n
	r.sent += n
	return n, err
}

func (r *fileSender) Close() error {
	select {
	case <-r.closed:
	default:
		close(r.closed)
	}
	return nil
}

func sending(f *os.File, size int64) *fileSender {
	return &fileSender{f: f, size: size, closed: make(chan struct{})}
}

func newFileSender(t *testing.T, content []byte) *fileSender {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return sending(f, int64(len(content)))
}
