package source

import (
	"context"
	"errors"
)

// Check calls Check of o. The error Is failure.ErrSource, whatever o returned, unless it is
// why ctx ended.
func Check(ctx context.Context, o Opened) error { return marked(ctx, o.Check(ctx)) }

// ChunkAt calls Chunk of o. The error is that of [Check].
func ChunkAt(ctx context.Context, o Opened, off, most int64) (Chunk, error) {
	c, err := o.Chunk(ctx, off, most)
	return c, marked(ctx, err)
}

// DigestOf calls Digest of d. The error is that of [Check].
func DigestOf(ctx context.Context, d Digester) ([]byte, error) {
	sum, err := d.Digest(ctx)
	return sum, marked(ctx, err)
}

// marked returns an error of a source, and leaves one that says why ctx ended.
func marked(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))) {
		return err
	}
	return Error(err)
}
