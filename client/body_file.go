package client

import (
	"io"
	"math"
	"os"

	"github.com/tusker-go/tusker/transport"
)

// fileRange is where in a file the bytes of a body begin.
type fileRange struct {
	f     *os.File
	start int64
}

// fileSender reads a body that lies in a file, or has the system send it from
// there, at the one position of both.
type fileSender struct{ *bodyReader }

var _ transport.FileSender = (*fileSender)(nil)

func newFileSender(r *bodyReader) *fileSender {
	r.r = filePosition{r}
	return &fileSender{r}
}

// SendFile is that of [transport.FileSender]. What has been handed on so far, and
// what stops it, is known here as it is for what is read.
func (r *fileSender) SendFile(send func(fd uintptr, off, n int64) (int64, error)) (int64, error) {
	file := r.b.file
	var failed error
	n, err := r.take(math.MaxInt64, func(most int64) (n int64, err error) {
		raw, err := file.f.SyscallConn()
		if err != nil {
			return 0, err
		}
		err = raw.Control(func(fd uintptr) { n, failed = send(fd, file.start+r.n, most) })
		if n == 0 && failed == nil && err == nil {
			err = io.EOF
		}
		return n, err
	})
	if failed != nil {
		return n, failed
	}
	return n, err
}

// filePosition reads where the body is, whoever moved it there. It is called with
// the body locked.
type filePosition struct{ r *bodyReader }

func (p filePosition) Read(b []byte) (int, error) {
	file := p.r.b.file
	return file.f.ReadAt(b, file.start+p.r.n)
}
