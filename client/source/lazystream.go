package source

import (
	"context"
	"io"
)

// StreamFunc is a [Stream] whose reader is opened with its upload, and closed when the upload
// ends, also during a Read. Ctx is that of the upload. A second upload fails with
// failure.ErrSourceUsed.
func StreamFunc(open func(ctx context.Context) (io.ReadCloser, error), opts *StreamOptions) Source {
	s := &lazyStream{open: open}
	if opts != nil {
		s.opts = *opts
	}
	return s
}

type lazyStream struct {
	streamSource
	open func(ctx context.Context) (io.ReadCloser, error)
}

// Open implements [Source].
func (s *lazyStream) Open(ctx context.Context, chunk int64) (Handle, error) {
	if err := s.use(); err != nil {
		return nil, err
	}
	r, err := s.open(ctx)
	if err != nil {
		return nil, Error(err)
	}
	return &closedStream{window: openStream(r, s.opts, chunk), close: r.Close}, nil
}

// closedStream is a window that closes its reader.
type closedStream struct {
	*window
	close func() error
}

// Close implements [Handle]. The upload has ended, so an error of the reader does not matter.
func (s *closedStream) Close() error {
	err := s.window.Close()
	_ = s.close()
	return err
}
