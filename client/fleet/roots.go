package fleet

import (
	"context"
	"fmt"
	"slices"
)

// checkRoots makes sure that a worker knows the roots that items name so far.
func (j *Job) checkRoots(ctx context.Context, known []string) error {
	if known == nil {
		return nil
	}
	var st Status
	err := j.patiently(ctx, func(ctx context.Context) (err error) {
		st, err = j.queueStatus(ctx)
		return err
	})
	if err != nil {
		return err
	}
	for _, root := range st.Roots {
		if !slices.Contains(known, root) {
			return fmt.Errorf("%w: %q", ErrNoRoot, root)
		}
	}
	return nil
}
