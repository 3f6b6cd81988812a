package client

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/tusker-go/tusker/protocol"
)

// needLength makes sure that the upload can be created with what is known of
// its length: a server that says that it has to know the length beforehand gets
// it, or nothing at all. One that says nothing is left to answer the creation.
func (t *transfer) needLength(ctx context.Context, endpoint string) error {
	stream, ok := t.src.(*window)
	if _, known := t.size().Int64(); known || !ok {
		return nil
	}
	caps, err := t.capabilities(ctx, endpoint)
	if isLacking(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if caps.Has(protocol.ExtensionCreationDeferLength) {
		return nil
	}
	if stream.spool == 0 {
		return fmt.Errorf("%w %s, and the length of the stream is not known", ErrUnsupported, protocol.ExtensionCreationDeferLength)
	}
	return t.spool(ctx, stream)
}

// spool puts a temporary file with the same bytes in the place of a stream.
func (t *transfer) spool(ctx context.Context, stream *window) error {
	t.c.log.LogAttrs(ctx, slog.LevelInfo, "copying the stream to a temporary file, since the server has to know its length",
		slog.String("source", t.events.source))
	f, err := newTemporary()
	if err != nil {
		return sourceError(fmt.Errorf("spool: %w", err))
	}
	if err := f.fill(ctx, stream); err != nil {
		_ = f.close()
		return err
	}
	t.src = &openFile{r: f.File, size: f.size, was: identity{size: f.size}, closer: f.close}
	return stream.close()
}

// temporary is a file that is gone when it is closed, or, where the system
// allows it, when the process ends.
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

func (f *temporary) fill(ctx context.Context, stream *window) error {
	for {
		piece, err := stream.cut(ctx, f.size, 0)
		if err != nil {
			return err
		}
		if piece.End > stream.spool {
			return fmt.Errorf("%w %s, and the stream has more than the %d bytes that may be spooled",
				ErrUnsupported, protocol.ExtensionCreationDeferLength, stream.spool)
		}
		r, err := piece.reader()
		if err != nil {
			return sourceError(err)
		}
		n, err := io.Copy(f.File, r)
		f.size += n
		if err != nil {
			return sourceError(fmt.Errorf("spool: %w", err))
		}
		stream.release(f.size)
		if piece.last {
			return nil
		}
	}
}

func (f *temporary) close() error {
	err := f.Close()
	if f.named {
		_ = os.Remove(f.Name())
	}
	return err
}
