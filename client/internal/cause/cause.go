// Package cause tells why a context ended.
package cause

import (
	"context"
	"errors"
	"fmt"
)

// internal is a cause that does not come from the caller.
type internal struct{ error }

func (i internal) Unwrap() error { return i.error }

// Internal returns err as the cause of a context that the client itself ends, for example
// because another part of the same upload failed.
func Internal(err error) error { return internal{err} }

// IsInternal reports whether the client itself ended ctx.
func IsInternal(ctx context.Context) bool {
	_, ok := errors.AsType[internal](context.Cause(ctx))
	return ok
}

// Why returns why ctx has ended: an error that Is its cause and Is ctx.Err(), too.
func Why(ctx context.Context) error {
	cause, err := context.Cause(ctx), ctx.Err()
	if errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}
