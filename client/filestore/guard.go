package filestore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tusker-go/tusker/client/journal"
)

const (
	// guardWait is the first pause before a guard that is held is tried again, and
	// maxGuardWait the longest.
	guardWait    = time.Millisecond
	maxGuardWait = 20 * time.Millisecond
)

// guarded calls do while no other process and no other goroutine is in guarded for the
// same name. It makes the comparison of a revision and the change that follows one step.
// The guard is a lock on a file that is held for one call of the store. The lock of an
// upload would not do, since its holder saves records, too, and may be overtaken.
func guarded(ctx context.Context, root *os.Root, name string, do func() error) error {
	f, err := waitForGuard(ctx, root, guardName(name))
	if err != nil {
		return err
	}
	// A guard that stays behind is harmless, and Prune removes it.
	defer func() { _ = free(root, f, guardName(name)) }()
	return do()
}

func waitForGuard(ctx context.Context, root *os.Root, name string) (*os.File, error) {
	for wait := guardWait; ; wait = min(2*wait, maxGuardWait) {
		f, err := lock(root, name)
		if !errors.Is(err, journal.ErrBusy) {
			return f, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// current returns the revision of the record of key, or "" if there is no record that can be
// read. It is called with the guard of the key held.
func current(root *os.Root, key string) (string, error) {
	r, _, err := read(root, key)
	switch {
	case err == nil:
		return r.Revision, nil
	case errors.Is(err, journal.ErrNoRecord), errors.Is(err, journal.ErrRecordDamaged):
		return "", nil
	}
	return "", err
}

// conflict returns an error if the stored revision is not the one that the caller knows.
func conflict(stored, known string) error {
	if stored == known {
		return nil
	}
	return fmt.Errorf("%w: its revision is %q, not %q", journal.ErrConflict, stored, known)
}
