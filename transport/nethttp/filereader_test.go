package nethttp_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/tusker-go/tusker/transport"
)

var _ transport.FileReader = (*fileReader)(nil)

// fileReader is a body in a file that counts how it is taken.
type fileReader struct {
	f    *os.File
	off  int64
	size int64

	fd         uintptr // to send from in place of f; 0: f
	read, sent int64
	calls      int
	onSend     func()
}

func (r *fileReader) Read(p []byte) (int, error) {
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

func (r *fileReader) SendFile(send func(fd uintptr, off, n int64) (int64, error)) (int64, error) {
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
	if n == 0 && err == nil {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (r *fileReader) Close() error { return nil }

func newFileReader(t *testing.T, content []byte) *fileReader {
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
	return &fileReader{f: f, size: int64(len(content))}
}
