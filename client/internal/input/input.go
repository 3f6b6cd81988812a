// Package input reads the bytes of a source, and recognizes how reading ends.
package input

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/cause"
)

// Error returns err as an error of a source: it Is failure.ErrSource and err.
func Error(err error) error {
	if errors.Is(err, failure.ErrSource) {
		return err
	}
	return fmt.Errorf("%w: %w", failure.ErrSource, err)
}

// Missing is the error of a source that ends n bytes before it should.
func Missing(n int64) error {
	return fmt.Errorf("%w: %d bytes are missing", failure.ErrSourceChanged, n)
}

// IsEnd reports whether err is the end of what is read. An error that wraps io.EOF is
// a failure and not the end: a connection that was lost is one, too (io.Reader).
func IsEnd(err error) bool {
	return err == io.EOF //nolint:errorlint // See the comment of the function.
}

// IsShort reports whether err is io.ReadFull's error for an end after some bytes.
func IsShort(err error) bool {
	return err == io.ErrUnexpectedEOF //nolint:errorlint // See IsEnd.
}

// Sum writes size bytes of r to h, until ctx ends. The error is that of Error, or why ctx
// ended.
func Sum(ctx context.Context, h hash.Hash, r io.Reader, size int64) error {
	const stretch = 4 << 20
	for size > 0 {
		if ctx.Err() != nil {
			return cause.Why(ctx)
		}
		n, err := io.CopyN(h, r, min(stretch, size))
		size -= n
		if IsEnd(err) {
			err = Missing(size)
		}
		if err != nil {
			return Error(err)
		}
	}
	return nil
}
