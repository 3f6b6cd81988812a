package source

import (
	"context"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/protocol"
)

// DefaultWindow is the window of a stream, in bytes, if [StreamOptions].Window is 0.
const DefaultWindow = 8 << 20

// StreamOptions describes a stream. nil and the zero value are a stream without a name,
// of unknown length, with a window of 8 MiB.
type StreamOptions struct {
	// Name is the name of the stream in logs and events. "": the stream has no name.
	Name string

	// Length is the number of bytes if it is known beforehand. A stream that turns out
	// shorter or longer fails with failure.ErrSourceChanged. If the length is not known,
	// and the stream does not end within its first chunk, the server has to support
	// creation-defer-length, or Spool has to be large enough. The zero value: not known.
	Length protocol.Length

	// Spool is the most bytes that are copied to a temporary file, to learn the length of
	// a stream, if the server says that it needs to know it beforehand. 0: none; such an
	// upload fails with failure.ErrUnsupported before anything is sent. Negative:
	// failure.ErrInvalidOption.
	Spool int64

	// Window is how many bytes are kept in memory to be sent again: the latest that were
	// read, acknowledged or not. Half of it is sent at a time while the other half fills
	// up, unless a chunk size is set; a larger chunk size enlarges the window. Once the
	// window is full, acknowledged bytes make room for those read ahead, 256 KiB at a time,
	// or a quarter of a smaller window. Memory is taken as bytes arrive, and never more
	// than a shorter stream needs. 0: 8 MiB. Negative: failure.ErrInvalidOption.
	Window int64
}

// Stream is a source that can be read only once, such as a pipe. Bytes are kept until the
// server has acknowledged them, and from then on until the window needs their room; if the
// server asks for earlier ones, the upload fails with failure.ErrSourceWindow.
//
// A goroutine reads ahead. It ends with the upload, or, if the upload ends during a Read,
// with that Read. The caller closes r. A stream serves one upload; a second one fails with
// failure.ErrSourceUsed, and one of a nil r with failure.ErrSource.
func Stream(r io.Reader, opts *StreamOptions) Source {
	s := &streamSource{r: r}
	if opts != nil {
		s.opts = *opts
	}
	return s
}

type streamSource struct {
	r    io.Reader
	opts StreamOptions

	mu   sync.Mutex
	used bool
}

// Name implements [Source].
func (s *streamSource) Name() string { return s.opts.Name }

// Length implements [Source].
func (s *streamSource) Length() protocol.Length { return s.opts.Length }

// SingleUse implements [SingleUse].
func (s *streamSource) SingleUse() bool { return true }

// Open implements [Source].
func (s *streamSource) Open(_ context.Context, chunk int64) (Handle, error) {
	if s.r == nil {
		return nil, fmt.Errorf("%w: %w: no reader", failure.ErrSource, failure.ErrInvalidOption)
	}
	if err := s.use(); err != nil {
		return nil, err
	}
	return openStream(s.r, s.opts, chunk), nil
}

// use checks the options, and marks the stream as used.
func (s *streamSource) use() error {
	if s.opts.Window < 0 || s.opts.Spool < 0 {
		return fmt.Errorf("%w: %w: window %d or spool %d is negative", failure.ErrSource, failure.ErrInvalidOption, s.opts.Window, s.opts.Spool)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used {
		return Error(failure.ErrSourceUsed)
	}
	s.used = true
	return nil
}

// openStream begins to read r.
func openStream(r io.Reader, opts StreamOptions, chunk int64) *window {
	keep := opts.Window
	if keep == 0 {
		keep = DefaultWindow
	}
	n, known := opts.Length.Int64()
	if known && n < keep {
		keep = n
	}
	switch {
	case chunk > 0:
	case known && n == keep:
		chunk = max(1, n)
	default:
		chunk = max(1, keep/2)
	}
	chunk = min(chunk, math.MaxInt-1)
	limit := max(min(keep, math.MaxInt), chunk+1)
	w := &window{
		stated: opts.Length,
		spool:  opts.Spool,
		chunk:  chunk,
		// The byte after a chunk shows whether the chunk is the last one.
		limit: limit,
		size:  min(blockSize, limit),
	}
	w.changed.L = &w.mu
	go w.fill(r)
	return w
}
