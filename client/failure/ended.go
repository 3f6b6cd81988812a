package failure

import (
	"context"
	"errors"
	"fmt"
)

// Ended returns why ctx is done: an error that Is its cause and Is ctx.Err(), too.
func Ended(ctx context.Context) error {
	cause, err := context.Cause(ctx), ctx.Err()
	if errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}
