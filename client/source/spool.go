package source

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/tusker-go/tusker/client/failure"
)

// Spool copies an opened source to a temporary file, so that its length becomes known.
// The file has mode 0600 and is removed when it is closed, or, if the system allows it,
// when the process ends. Reason is why the length has to be known. If there are more than
// most bytes, the error wraps it. If the file cannot be written, the error Is
// failure.ErrSpool.
func Spool(ctx context.Context, from Opened, most int64, reason error) (Opened, error) {
	f, err := newTemporary()
	if err != nil {
		return nil, Error(fmt.Errorf("%w: %w", failure.ErrSpool, err))
	}
	if err := f.fill(ctx, from, most, reason); err != nil {
		_ = f.remove()
		return nil, err
	}
	return &openFile{r: f.File, size: f.size, was: state{size: f.size}, closer: f.remove}, nil
}

// temporary is a file that no longer exists when it is closed.
type temporary struct {
	*os.File
	size  int64
	named bool // it has to be removed by its name
}

func newTemporary() (*temporary, error) {
	f, err := os.CreateTemp("", "tusker-*.spool")
	if err != nil {
		return nil, err
	}
	return &temporary{File: f, named: os.Remove(f.Name()) != nil}, nil
}

func (f *temporary) fill(ctx context.Context, from Opened, most int64, reason error) error {
	for {
		chunk, err := ChunkAt(ctx, from, f.size, 0)
		if err != nil {
			return err
		}
		if chunk.End > most {
			return fmt.Errorf("%w, and the stream has more than the %d bytes that may be spooled", reason, most)
		}
		r, err := chunk.Reader()
		if err != nil {
			return Error(err)
		}
		n, err := io.Copy(spoolWriter{f.File}, r)
		if c, ok := r.(io.Closer); ok {
			_ = c.Close()
		}
		f.size += n
		if err != nil {
			return Error(err)
		}
		if s, ok := from.(Releaser); ok {
			s.Release(f.size)
		}
		if chunk.Last {
			return nil
		}
		if n == 0 {
			return Error(io.ErrNoProgress)
		}
	}
}

// spoolWriter marks the errors of its file as those of the temporary file, and not of the
// stream.
type spoolWriter struct{ f *os.File }

// Write implements io.Writer.
func (w spoolWriter) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	if err != nil {
		err = fmt.Errorf("%w: %w", failure.ErrSpool, err)
	}
	return n, err
}

func (f *temporary) remove() error {
	err := f.Close()
	if f.named {
		_ = os.Remove(f.Name())
	}
	return err
}
