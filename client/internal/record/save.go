package record

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/tusker-go/tusker/client/journal"
)

// callTime is how long one call of a store or ledger may take. It is the same for a store
// on a disk that hangs and for one on a network.
const callTime = 10 * time.Second

// Deadline returns a context for one call of a store or ledger.
func Deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, callTime)
}

// Outlive returns a context for a call of a store or ledger that must be made even after ctx
// ended, because a canceled upload is resumed from its record.
func Outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	return Deadline(context.WithoutCancel(ctx))
}

// create saves the record of a new upload, and what changed while it was saved.
func (k *Keeper) create(ctx context.Context) error {
	if err := k.save(ctx, func(*journal.Record) {}); err != nil {
		return k.failed(ctx, "upload cannot be resumed by a later run", err)
	}
	k.mu.Lock()
	k.saved = true
	behind := k.stored < k.version
	k.mu.Unlock()
	if behind {
		return k.update(ctx, func(*journal.Record) {})
	}
	return nil
}

// update changes a record that the store has. If the store fails, the record that it
// has is still good enough to resume from.
func (k *Keeper) update(ctx context.Context, change func(*journal.Record)) error {
	k.mu.Lock()
	saved := k.saved
	if !saved {
		change(&k.record)
		k.version++
	}
	k.mu.Unlock()
	if !saved {
		return nil
	}
	if err := k.save(ctx, change); err != nil {
		return k.failed(ctx, "record not updated", err)
	}
	return nil
}

// failed decides what a failed save means for the upload. A run that was overtaken ends. A
// store that fails ends an upload that must have a record, with an error that says all of it. Any
// other upload continues, and each warning is logged once.
func (k *Keeper) failed(ctx context.Context, warning string, err error) error {
	if taken := k.TakenOver(); taken != nil {
		return taken
	}
	if k.once {
		return unrecorded(err)
	}
	k.mu.Lock()
	repeated := slices.Contains(k.warned, warning)
	if !repeated {
		k.warned = append(k.warned, warning)
	}
	k.mu.Unlock()
	if !repeated {
		k.log.LogAttrs(ctx, slog.LevelWarn, warning, slog.Any("err", err))
	}
	return nil
}

func unrecorded(err error) error { return fmt.Errorf("%w: %w", journal.ErrUnrecorded, err) }

// save changes the record and saves it. Changes that are made while the store is at work
// are saved together.
func (k *Keeper) save(ctx context.Context, change func(*journal.Record)) error {
	k.mu.Lock()
	change(&k.record)
	k.version++
	mine := k.version
	k.mu.Unlock()

	k.saving <- struct{}{}
	defer func() { <-k.saving }()
	k.mu.Lock()
	if k.takenOver != nil || k.stored >= mine {
		k.mu.Unlock()
		return k.TakenOver()
	}
	version := k.version
	// Not every store keeps more than microseconds, and wasSaved compares the times.
	k.record.Updated = time.Now().UTC().Truncate(time.Microsecond)
	r := k.record
	r.Parts = slices.Clone(r.Parts)
	k.mu.Unlock()

	ctx, cancel := Outlive(ctx)
	defer cancel()
	err := k.store.Save(ctx, &r)
	if revision, mine := k.wasSaved(ctx, err); mine {
		r.Revision = revision
		err = k.store.Save(ctx, &r)
	}
	switch {
	case errors.Is(err, journal.ErrConflict):
		k.lose(err)
		return err
	case err != nil:
		k.unanswered = r.Updated
		return err
	}
	k.unanswered = time.Time{}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.record.Revision, k.stored = r.Revision, version
	return nil
}

// wasSaved reports whether the conflict err is with this run itself: an earlier Save failed,
// for example with a timeout, and the store has its record nevertheless. It returns the
// revision of that record.
func (k *Keeper) wasSaved(ctx context.Context, err error) (revision string, mine bool) {
	if k.unanswered.IsZero() || !errors.Is(err, journal.ErrConflict) {
		return "", false
	}
	r, err := k.store.Load(ctx, k.record.Key)
	if err != nil || r == nil || !r.Updated.Equal(k.unanswered) {
		return "", false
	}
	return r.Revision, true
}

// Reserve makes sure, before an upload is created, that the store works and that no other
// run creates the same upload: it saves a record without a URL, or the earlier record again.
// It does nothing unless Config.Once is set. The error Is journal.ErrUnrecorded or
// journal.ErrConflict.
func (k *Keeper) Reserve(ctx context.Context) error {
	if k == nil || !k.once || k.reserved && !k.saved {
		return nil
	}
	err := k.save(ctx, func(r *journal.Record) {
		if !k.saved {
			clearDoubts(r)
			r.URL, r.Offset, r.Created = "", 0, time.Now().UTC()
			r.Parts = []journal.PartRecord{{End: k.source.Length}}
		}
	})
	if err != nil {
		return k.failed(ctx, "upload cannot be recorded", err)
	}
	k.stale, k.reserved = k.stale || !k.saved, true
	return nil
}

// Forget removes the record of an upload that is complete or cannot be resumed. The
// error Is journal.ErrConflict if another run has taken the upload over.
func (k *Keeper) Forget(ctx context.Context) error {
	if k == nil {
		return nil
	}
	k.stopTimer()
	if k.TakenOver() != nil || !k.saved && !k.stale {
		return k.TakenOver()
	}
	ctx, cancel := Outlive(ctx)
	defer cancel()
	err := k.store.Delete(ctx, k.record.Key, k.record.Revision)
	if revision, mine := k.wasSaved(ctx, err); mine {
		err = k.store.Delete(ctx, k.record.Key, revision)
	}
	switch {
	case errors.Is(err, journal.ErrConflict):
		k.lose(err)
		return err
	case err != nil:
		k.log.LogAttrs(ctx, slog.LevelWarn, "record of a finished upload not removed", slog.Any("err", err))
		return nil
	}
	k.saved, k.stale, k.reserved = false, false, false
	return nil
}
