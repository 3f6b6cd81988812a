package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/protocol"
)

// MaxParts is the most parts of one upload, so that the request that joins them stays
// short.
const MaxParts = 64

// fitParts checks that the parts of a record are parts of this upload. A user's own store may
// not have checked them.
func fitParts(r *journal.Record, up Upload) error {
	if len(r.Parts) == 0 {
		return nil
	}
	for _, part := range r.Parts {
		if part.URL != "" && address.LeavesTLS(up.Endpoint, part.URL) {
			return fmt.Errorf("%w: %w", errUnfit, failure.ErrInsecureLocation)
		}
	}
	if len(r.Parts) > MaxParts || r.Parts[len(r.Parts)-1].End != up.Length {
		return errUnfit
	}
	if err := r.ValidateParts(); err != nil {
		return fmt.Errorf("%w: %w", errUnfit, err)
	}
	return nil
}

// Plan records the boundaries of parts before any of them is created.
func (k *Keeper) Plan(ctx context.Context, parts []journal.PartRecord) error {
	if k == nil {
		return nil
	}
	return k.begin(ctx, func(r *journal.Record) {
		r.URL, r.Offset, r.Expires = "", 0, time.Time{}
		r.Parts = slices.Clone(parts)
	})
}

// Replan records other boundaries of the parts. No part may have been recorded yet.
func (k *Keeper) Replan(ctx context.Context, parts []journal.PartRecord) error {
	if k == nil {
		return nil
	}
	return k.update(ctx, func(r *journal.Record) { r.Parts = slices.Clone(parts) })
}

// MayBeJoined reports whether an earlier run may have joined the parts.
func (k *Keeper) MayBeJoined() bool { return k != nil && k.record.Uncertain }

// HearPart returns the listener of part i. List returns the current boundaries of all
// parts, which may have been divided further since Plan.
func (k *Keeper) HearPart(i int, list func() []journal.PartRecord) engine.Listener {
	if k == nil {
		return nil
	}
	return func(ctx context.Context, ev engine.Event) error {
		switch {
		case ev.Kind == engine.Created:
			return k.update(ctx, func(r *journal.Record) {
				extend(r, list())
				delete(k.unheard, i)
				r.Parts[i] = journal.PartRecord{Start: r.Parts[i].Start, End: r.Parts[i].End, URL: ev.URL}
				r.Expires = Earliest(r.Expires, ev.Expires)
			})
		case ev.Adopted:
			return k.partResumed(ctx, i)
		case ev.Kind == engine.Stopped:
			k.partStopped(i, ev)
		}
		return nil
	}
}

// extend takes over boundaries that were set since. A shorter list is an older one.
func extend(r *journal.Record, parts []journal.PartRecord) {
	if len(parts) <= len(r.Parts) {
		return
	}
	all := slices.Clone(parts)
	for i, known := range r.Parts {
		known.Start, known.End = all[i].Start, all[i].End
		all[i] = known
	}
	r.Parts = all
}

// partResumed clears Reach and Denial of a part, and Uncertain of the record when all parts have
// been found, because then they were not joined.
func (k *Keeper) partResumed(ctx context.Context, i int) error {
	k.mu.Lock()
	delete(k.unheard, i)
	part := &k.record.Parts[i]
	doubts := part.Reach != (protocol.Length{}) || part.Denial != (failure.Denial{}) || k.record.Uncertain && len(k.unheard) == 0
	k.mu.Unlock()
	if !doubts {
		return nil
	}
	return k.update(ctx, func(r *journal.Record) {
		r.Parts[i].Reach, r.Parts[i].Denial = protocol.Length{}, failure.Denial{}
		r.Uncertain = r.Uncertain && len(k.unheard) > 0
	})
}

// partStopped notes how far a part got. Stopped saves it.
func (k *Keeper) partStopped(i int, ev engine.Event) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if ev.URL == "" || i >= len(k.record.Parts) {
		return // it failed before the record contained it
	}
	if !ev.Standing.Heard && ev.Standing.Reach == (protocol.Length{}) {
		return
	}
	k.learned = true
	part := &k.record.Parts[i]
	if ev.Standing.Misplaced {
		*part = journal.PartRecord{Start: part.Start, End: part.End}
		return
	}
	part.Reach = ev.Standing.Reach
	if ev.Standing.Heard {
		part.URL, part.Offset, part.Denial = ev.URL, ev.Offset, ev.Standing.Denial
	}
}

// PartDone notes that the server has all of a part.
func (k *Keeper) PartDone(i int, length int64) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if i < len(k.record.Parts) {
		k.learned = true
		k.record.Parts[i].Offset = length
	}
}

// BeforeJoin records that the server may have joined and deleted the parts. Call it before the
// request that joins them: a process that is killed during the request cannot record this
// afterward. If BeforeJoin returns an error, do not send the request.
func (k *Keeper) BeforeJoin(ctx context.Context) error {
	if k == nil {
		return nil
	}
	k.settle(ctx, 0)
	return k.update(ctx, func(r *journal.Record) { r.Uncertain = true })
}

// Stopped records how far the parts got when err ended the upload. MayBeJoined means
// that this run may have joined them. Unacknowledged is how many bytes were sent without an
// answer.
func (k *Keeper) Stopped(ctx context.Context, err error, mayBeJoined bool, expires time.Time, unacknowledged int64) {
	if k == nil {
		return
	}
	k.settleAtEnd(ctx)
	if len(k.record.Parts) == 0 || !k.learned {
		return
	}
	_ = k.update(ctx, func(r *journal.Record) {
		r.Offset = 0
		for _, part := range r.Parts {
			r.Offset += part.Offset
		}
		r.Sent = sentTo(r.Offset, r.Offset+unacknowledged)
		// A doubt stays until all parts are known to be there.
		r.Uncertain = mayBeJoined || errors.Is(err, failure.ErrUncertain) || r.Uncertain && len(k.unheard) > 0
		if !expires.IsZero() {
			r.Expires = expires
		}
	})
}

// Earliest returns the first of two times; the zero time means not known.
func Earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
