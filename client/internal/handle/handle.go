// Package handle calls the methods of an opened source, whose errors may be any, and copies
// a stream to a temporary file.
package handle

import (
	"context"
	"errors"

	"github.com/tusker-go/tusker/client/source"
)

// Check calls Check of o. The error Is failure.ErrSource, whatever o returned, unless it is
// why ctx ended.
func Check(ctx context.Context, o source.Handle) error { return marked(ctx, o.Check(ctx)) }

// Chunk calls Chunk of o. The error is that of [Check].
func Chunk(ctx context.Context, o source.Handle, off, most int64) (source.Chunk, error) {
	c, err := o.Chunk(ctx, off, most)
	return c, marked(ctx, err)
}

// Rest calls Rest of s. The error is that of [Check].
func Rest(ctx context.Context, s source.Streamer, off int64) (source.Chunk, error) {
	c, err := s.Rest(ctx, off)
	return c, marked(ctx, err)
}

// Digest calls Digest of d. The error is that of [Check].
func Digest(ctx context.Context, d source.Digester) ([]byte, error) {
	sum, err := d.Digest(ctx)
	return sum, marked(ctx, err)
}

// marked returns an error of a source, and leaves one that says why ctx ended.
func marked(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))) {
		return err
	}
	return source.Error(err)
}
