// Package record keeps the record of one upload correct: it listens to what happens to
// the upload and saves what a later run has to know.
//
// A store that fails costs the promise that a later run can resume, and not the upload
// itself, unless the upload must have a record. A store that says that another run has taken
// the upload over ends the run.
package record

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/client/internal/cause"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/protocol"
)

// Upload is the upload that a record is about.
type Upload struct {
	Key      string
	Place    string // of the source, whatever its bytes; "": not known
	Account  string
	Endpoint string // creation URL
	Source   string // name, for people
	Length   int64
	Protocol string // of a new upload, see journal.Record

	// Unsettled returns how long to wait until every change of the source shows in its times, and
	// Check checks the source. nil: every change shows already.
	Unsettled func() time.Duration
	Check     func(context.Context) error

	// Restarts is called if the upload starts over although there is a record, with the
	// reason. nil: it is not called.
	Restarts func(context.Context, error)

	// Once means that nothing may be created or sent without a record.
	Once bool
}

func (up Upload) restarts(ctx context.Context, reason error) {
	if up.Restarts != nil && reason != nil {
		up.Restarts(ctx, reason)
	}
}

// Keeper keeps the record of one upload. A nil Keeper keeps nothing. It is safe for
// concurrent use, because several parts are sent at the same time.
type Keeper struct {
	store  journal.Store
	log    *slog.Logger
	unlock func() error
	source Upload
	once   bool // nothing is sent without a record

	cancel context.CancelCauseFunc // ends the run
	watch  func() bool             // stops the watch of the lease

	mu        sync.Mutex
	takenOver error // why this run no longer owns the upload; nil: it does
	record    journal.Record
	saved     bool     // the store has the record
	stale     bool     // the store has a record that cannot be used and must be removed
	reserved  bool     // Reserve was called
	version   int      // of record; raised by each change
	stored    int      // the version that the store has
	warned    []string // warnings about the store so far

	saving     chan struct{} // holds a value while a save is under way
	unanswered time.Time     // Updated of a record whose save failed; zero: the last save did not fail

	// pending means that the record is saved when the source is settled. A source that was
	// modified just now may change after its bytes were read, without a difference that a
	// later run could see.
	pending bool
	timer   *time.Timer // fires when the source is settled; nil: it was from the start

	settling chan struct{} // holds a value while settle is at work

	unheard map[int]bool // parts of an earlier run that the server has not been asked for yet
	learned bool         // a part that failed changed the record, and the store does not have the change
}

// Open takes the lock or the lease of the upload and loads what an earlier run left. The
// context that it returns is ctx for the run; it ends with journal.ErrLeaseLost or
// journal.ErrConflict as its cause as soon as another run may have taken the upload over.
// The Keeper is nil if the store cannot be used. The error Is journal.ErrBusy, the cause of
// ctx, or journal.ErrUnrecorded if the upload must have a record.
func Open(ctx context.Context, store journal.Store, log *slog.Logger, up Upload) (*Keeper, context.Context, error) {
	k := &Keeper{
		store: store, log: log, source: up, once: up.Once,
		saving: make(chan struct{}, 1), settling: make(chan struct{}, 1),
	}
	run, err := k.lock(ctx)
	switch {
	case err == nil:
	case errors.Is(err, journal.ErrBusy):
		return nil, ctx, fmt.Errorf("%w: the same file is being sent to the same server", journal.ErrBusy)
	case ctx.Err() != nil:
		return nil, ctx, cause.Why(ctx)
	case k.once:
		return nil, ctx, unrecorded(err)
	default:
		k.warnUnrecorded(ctx, err)
		return nil, ctx, nil
	}
	if err := k.open(run, up); err != nil {
		taken := k.TakenOver()
		k.Close(ctx)
		switch {
		case taken != nil:
			return nil, ctx, taken
		case ctx.Err() != nil:
			return nil, ctx, cause.Why(ctx)
		case k.once:
			return nil, ctx, unrecorded(err)
		}
		// A record that cannot be read must not be overwritten.
		k.warnUnrecorded(ctx, err)
		return nil, ctx, nil
	}
	return k, run, nil
}

// open loads what an earlier run left. An error means that the store cannot be used.
func (k *Keeper) open(ctx context.Context, up Upload) error {
	r, err := load(ctx, k.store, up)
	k.record = journal.Record{
		Key: up.Key, Account: up.Account, Endpoint: address.WithoutQuery(up.Endpoint), Source: up.Source, Length: protocol.Known(up.Length),
		Protocol: up.Protocol,
	}
	switch {
	case err == nil:
		return k.adopt(ctx, r)
	case errors.Is(err, errNothingMade), errors.Is(err, errUnfit):
		k.stale = errors.Is(err, errNothingMade)
		k.record.Revision = r.Revision
		if !k.stale {
			up.restarts(ctx, unusable(err))
		}
	case errors.Is(err, journal.ErrNoRecord):
		up.restarts(ctx, superseded(ctx, k.store, up))
	case errors.Is(err, journal.ErrRecordDamaged):
		up.restarts(ctx, unusable(err))
	default:
		if errors.Is(err, journal.ErrRecordVersion) {
			up.restarts(ctx, unusable(err))
		}
		return err
	}
	return nil
}

// adopt takes over the record of an earlier run. An earlier holder may still work on the upload
// if its lock or lease was lost. The record is saved once more, so that the next save of the
// earlier holder fails. If the store has locks and no leases, this is done only for an upload
// that must have a record.
func (k *Keeper) adopt(ctx context.Context, r *journal.Record) error {
	k.record, k.saved, k.unheard = *r, true, make(map[int]bool)
	for i, p := range r.Parts {
		if p.URL != "" {
			k.unheard[i] = true
		}
	}
	if _, ok := k.store.(journal.Leaser); !ok && !k.once {
		return nil
	}
	if err := k.save(ctx, func(*journal.Record) {}); err != nil {
		return k.failed(ctx, "record not updated", err)
	}
	return nil
}

// lock takes the lock or the lease, and returns the context of the run.
func (k *Keeper) lock(ctx context.Context) (context.Context, error) {
	call, cancel := Deadline(ctx)
	defer cancel()
	run, end := context.WithCancelCause(ctx)
	k.cancel, k.watch = end, func() bool { return true }
	leaser, ok := k.store.(journal.Leaser)
	if !ok {
		var err error
		if k.unlock, err = k.store.Lock(call, k.source.Key); err != nil {
			end(nil)
		}
		return run, err
	}
	held, release, err := leaser.Lease(call, k.source.Key)
	if err != nil {
		end(nil)
		return run, err
	}
	k.unlock = release
	k.watch = context.AfterFunc(held, func() {
		err := context.Cause(held)
		if !errors.Is(err, journal.ErrLeaseLost) {
			err = fmt.Errorf("%w: %w", journal.ErrLeaseLost, err)
		}
		k.lose(err)
	})
	return run, nil
}

// lose ends the run: another one may have taken the upload over. Nothing is saved or deleted
// from then on.
func (k *Keeper) lose(err error) {
	k.mu.Lock()
	if k.takenOver == nil {
		k.takenOver = err
	}
	k.mu.Unlock()
	k.cancel(cause.Internal(err))
}

// TakenOver returns why another run may have taken the upload over, or nil.
func (k *Keeper) TakenOver() error {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.takenOver
}

// Earlier returns the record that an earlier run left, and whether there is one.
func (k *Keeper) Earlier() (journal.Record, bool) {
	if k == nil || !k.saved {
		return journal.Record{}, false
	}
	return k.record, true
}

// Drop discards the record of an earlier run, so that a new upload begins.
func (k *Keeper) Drop() {
	k.record.URL, k.record.Parts, k.saved, k.stale, k.reserved, k.unheard = "", nil, false, true, false, nil
	clearDoubts(&k.record)
}

// stopTimer makes sure that the timer saves nothing any more.
func (k *Keeper) stopTimer() {
	if k.timer != nil {
		k.timer.Stop()
	}
	k.settling <- struct{}{} // the timer may have fired before
	defer func() { <-k.settling }()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pending = false
}

// Close releases the lock and ends the context of the run. A reservation without an upload
// is removed.
func (k *Keeper) Close(ctx context.Context) {
	if k == nil {
		return
	}
	k.stopTimer()
	if k.once && k.stale && !k.saved {
		_ = k.Forget(ctx)
	}
	k.watch()
	k.cancel(nil)
	if k.unlock == nil {
		return // the store has no locks
	}
	unlocked := make(chan error, 1)
	go func() { unlocked <- k.unlock() }()
	late := time.NewTimer(callTime)
	defer late.Stop()
	select {
	case err := <-unlocked:
		if err != nil {
			k.log.LogAttrs(ctx, slog.LevelWarn, "record not unlocked", slog.Any("err", err))
		}
	case <-late.C:
		k.log.LogAttrs(ctx, slog.LevelWarn, "record not unlocked", slog.Any("err", context.DeadlineExceeded))
	}
}

func (k *Keeper) warnUnrecorded(ctx context.Context, err error) {
	k.log.LogAttrs(ctx, slog.LevelWarn, "upload cannot be resumed by a later run", slog.Any("err", err))
}
