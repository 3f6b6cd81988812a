package record

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/client/journal"
)

var (
	// errUnfit means that a record under the key of this upload describes another upload.
	errUnfit = errors.New("the record belongs to another upload")

	// errNothingMade means that an earlier run reserved the upload or planned its parts, and
	// created nothing on the server. A new run may start over.
	errNothingMade = fmt.Errorf("%w: no part was created", journal.ErrNoRecord)
)

// Load returns the record of an upload if a later run can resume from it. The error Is
// journal.ErrNoRecord if it cannot.
func Load(ctx context.Context, store journal.Store, up Upload) (*journal.Record, error) {
	r, err := load(ctx, store, up)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Leftover returns the record of an upload that the ledger knows as finished, even if nothing
// was created for it, or nil if there is none.
func Leftover(ctx context.Context, store journal.Store, up Upload) *journal.Record {
	r, err := load(ctx, store, up)
	if err == nil || errors.Is(err, errNothingMade) {
		return r
	}
	return nil
}

// load is Load that also returns a record that cannot be resumed from, beside the error,
// because its revision is needed to replace it.
func load(ctx context.Context, store journal.Store, up Upload) (*journal.Record, error) {
	ctx, cancel := Deadline(ctx)
	defer cancel()
	r, err := store.Load(ctx, up.Key)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, journal.ErrNoRecord // a store may return nil for a missing record
	}
	n, known := r.Length.Int64()
	switch {
	case r.Endpoint != address.WithoutQuery(up.Endpoint), r.Account != up.Account, !known || n != up.Length, r.URL == "" && len(r.Parts) == 0:
		return r, errUnfit
	case r.URL != "" && address.LeavesTLS(up.Endpoint, r.URL):
		return r, fmt.Errorf("%w: %w", errUnfit, failure.ErrInsecureLocation)
	}
	if err := fitParts(r, up); err != nil {
		return r, err
	}
	if r.URL == "" && !slices.ContainsFunc(r.Parts, func(p journal.PartRecord) bool { return p.URL != "" }) {
		return r, errNothingMade
	}
	return r, nil
}

// IsUnusable reports whether an error of Load means that there is no record to resume
// from, rather than that the store failed.
func IsUnusable(err error) bool {
	return errors.Is(err, journal.ErrNoRecord) || errors.Is(err, errUnfit)
}
