package source

import (
	"context"
	"hash"
	"io"

	"github.com/tusker-go/tusker/client/failure"
)

// Sum writes size bytes of r to h, until ctx ends.
func Sum(ctx context.Context, h hash.Hash, r io.Reader, size int64) error {
	const stretch = 4 << 20
	for size > 0 {
		if ctx.Err() != nil {
			return failure.Ended(ctx)
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
