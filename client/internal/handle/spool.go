package handle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/source"
)

// Spool copies an opened source to a temporary file, so that its length becomes known.
// The file has mode 0600 and is removed when it is closed, or, if the system allows it,
// when the process ends. Reason is why the length has to be known. If there are more than
// most bytes, the error wraps it. If the file cannot be written, the error Is
// failure.ErrSpool.
func Spool(ctx context.Context, from source.Handle, most int64, reason error) (source.Handle, error) {
	f, err := newTemporary()
	if err != nil {
		return nil, source.Error(fmt.Errorf("%w: %w", failure.ErrSpool, err))
	}
	if err := f.fill(ctx, from, most, reason); err != nil {
		_ = f.remove()
		return nil, err
	}
	o, err := f.open(ctx)
	if err != nil {
		_ = f.remove()
		return nil, err
	}
	return o, nil
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

func (f *temporary) fill(ctx context.Context, from source.Handle, most int64, reason error) error {
	for {
		chunk, err := Chunk(ctx, from, f.size, 0)
		if err != nil {
			return err
		}
		if chunk.End > most {
			return fmt.Errorf("%w, and the stream has more than the %d bytes that may be spooled", reason, most)
		}
		r, err := chunk.Reader()
		if err != nil {
			return source.Error(err)
		}
		n, err := io.Copy(spoolWriter{f.File}, r)
		if c, ok := r.(io.Closer); ok {
			_ = c.Close()
		}
		f.size += n
		if err != nil {
			return source.Error(err)
		}
		if s, ok := from.(source.Releaser); ok {
			s.Release(f.size)
		}
		if chunk.Last {
			return nil
		}
		if n == 0 {
			return source.Error(io.ErrNoProgress)
		}
	}
}

// file is what an opened source of a file offers to an upload that needs neither its identity
// nor its clock.
type file interface {
	source.Handle
	source.Divider
	source.Digester
}

// copied is the opened source of a temporary file.
type copied struct {
	file
	temporary *temporary
}

// Close implements source.Handle. It removes the file.
func (c *copied) Close() error { return errors.Join(c.file.Close(), c.temporary.remove()) }

// open returns the file as an opened source, which can be sent in parts and compared.
func (f *temporary) open(ctx context.Context) (source.Handle, error) {
	src, err := source.ReaderAt(f.File, f.size)
	if err != nil {
		return nil, err
	}
	o, err := src.Open(ctx, 0)
	if err != nil {
		return nil, err
	}
	return &copied{o.(file), f}, nil
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
