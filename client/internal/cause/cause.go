// Package cause tells why a context ended.
package cause

import (
	"context"
	"errors"
	"fmt"
)

// Of returns why ctx has ended: an error that Is its cause and Is ctx.Err(), too.
func Of(ctx context.Context) error {
	cause, err := context.Cause(ctx), ctx.Err()
	if errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}
