package wire

import (
	"io"
	"math"

	"github.com/tusker-go/tusker/transport"
)

// fileSender reads a body from a file, or lets the system send it from there. Both move the
// same position.
type fileSender struct{ *bodyReader }

var _ transport.FileSender = (*fileSender)(nil)

func newFileSender(r *bodyReader) *fileSender {
	r.r = filePosition{r}
	return &fileSender{r}
}

// SendFile implements [transport.FileSender]. Bytes that the system sends are counted,
// limited and stopped in the same way as bytes that are read. Under a limit of the rate it sends
// nothing, so that the caller reads the bytes.
func (r *fileSender) SendFile(send func(fd uintptr, off, n int64) (int64, error)) (int64, error) {
	if r.b.pace.isLimited() {
		return 0, nil
	}
	chunk := r.b.Chunk
	var failed error
	n, err := r.take(math.MaxInt64, func(most int64) (n int64, err error) {
		raw, err := chunk.File.SyscallConn()
		if err != nil {
			return 0, err
		}
		err = raw.Control(func(fd uintptr) { n, failed = send(fd, chunk.FileOffset+r.n, most) })
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

// filePosition reads at the position of a body that lies in a file. It is called with
// the body locked.
type filePosition struct{ r *bodyReader }

func (p filePosition) Read(b []byte) (int, error) {
	chunk := p.r.b.Chunk
	return chunk.File.ReadAt(b, chunk.FileOffset+p.r.n)
}
