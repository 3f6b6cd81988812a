package journal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
)

// Swap is one step of a database: Text takes the place of the record of the revision Known. See
// [SaveBySwap].
type Swap struct {
	Key      string
	Known    string // "": there must be no record, or a damaged one
	Revision string // the new revision, which no record has had before
	Version  int    // of the record, see VersionOf
	Text     []byte // the record, see Encode
}

// SaveBySwap is [Store] Save for a database that compares and writes in one step. Swap takes that
// step, and reports whether the database had the revision. Load is Load of the Store: it makes a
// damaged record count as none. The error wraps that of either, and r is changed only after
// success. If the database has no record any more, the error Is ErrConflict and says so.
//
// If the driver of the database repeats a step whose answer was lost, swap must report true for a
// step that was done before: the database has the record with the new Revision.
func SaveBySwap(
	ctx context.Context, r *Record,
	swap func(context.Context, Swap) (bool, error), load func(ctx context.Context, key string) (*Record, error),
) error {
	if err := r.Validate(); err != nil {
		return fmt.Errorf("save record: %w", err)
	}
	revision, err := saveBySwap(ctx, r, swap, load)
	if err != nil {
		return fmt.Errorf("save record %s: %w", r.Key, err)
	}
	r.Revision = revision
	return nil
}

func saveBySwap(
	ctx context.Context, r *Record,
	swap func(context.Context, Swap) (bool, error), load func(ctx context.Context, key string) (*Record, error),
) (revision string, err error) {
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	text, err := Encode(r, "")
	if err != nil {
		return "", err
	}
	// The text of rand.Text has 128 random bits, so it has never been a revision before. A
	// sequence of a database may repeat itself after a failover.
	s := Swap{Key: r.Key, Known: r.Revision, Revision: rand.Text(), Version: VersionOf(r), Text: text}
	saved, err := swap(ctx, s)
	if err == nil && !saved {
		// The record in the way may be damaged, which load finds out, or of a newer version.
		switch _, why := load(ctx, s.Key); {
		case errors.Is(why, ErrRecordDamaged) && s.Known == "":
			saved, err = swap(ctx, s)
		case errors.Is(why, ErrRecordVersion):
			err = why
		case errors.Is(why, ErrNoRecord) && s.Known != "":
			err = fmt.Errorf("%w: the store does not have it any more, because another run finished the upload or the store lost it", ErrConflict)
		}
	}
	if err == nil && !saved {
		err = ErrConflict
	}
	return s.Revision, err
}
