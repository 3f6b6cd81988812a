package batch

import (
	"context"
	"io"
)

// interruptible reads something that may be silent forever, such as a pipe, and gives up
// when a context ends. It is not safe for concurrent use.
type interruptible struct {
	r      io.Reader
	closer io.Closer // nil: the reader is not closed
	stuck  bool      // a Read has not returned
}

// until returns a reader whose Read returns the cause of ctx when ctx ends. The Read of the
// underlying reader may return later, or never; its bytes are lost.
func (p *interruptible) until(ctx context.Context) io.Reader {
	return readerFunc(func(b []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		type result struct {
			n   int
			err error
		}
		own := make([]byte, len(b))
		results := make(chan result, 1)
		go func() {
			n, err := p.r.Read(own)
			results <- result{n, err}
		}()
		select {
		case <-ctx.Done():
			p.stuck = true
			return 0, context.Cause(ctx)
		case res := <-results:
			return copy(b, own[:res.n]), res.err
		}
	})
}

// close closes what is read, unless a Read has not returned: to close a pipe would wait for
// that Read.
func (p *interruptible) close() {
	if p.closer != nil && !p.stuck {
		_ = p.closer.Close()
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
