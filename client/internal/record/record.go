// Package record keeps the record of one upload correct: it listens to what happens to
// the upload and saves what a later run has to know.
//
// If the store fails, the upload continues, and only a later run cannot resume it.
package record

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

// callTime is how long one call of a store may take. It is the same for a store on a
// disk that hangs and for one on a network.
const callTime = 10 * time.Second

// Upload is the upload that a record is about.
type Upload struct {
	Key      string
	Former   string // the key that an earlier version gave the record; "": none
	Place    string // of the source, whatever its bytes; "": not known
	Account  string
	Endpoint string // creation URL
	Source   string // name, for people
	Length   int64

	// Unsettled is how long to wait until every change of the source shows in its times, and Check
	// checks the source. nil: every change shows already.
	Unsettled func() time.Duration
	Check     func(context.Context) error

	// Restarts is called if the upload starts over although there is a record, with the
	// reason. nil: it is not called.
	Restarts func(context.Context, error)
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

	mu      sync.Mutex
	record  journal.Record
	former  string // key of an earlier version under which the store still has a record; "": none
	saved   bool   // the store has the record
	stale   bool   // the store has a record that cannot be used and must be removed
	version int    // of record; raised by each change
	stored  int    // the version that the store has

	saving chan struct{} // holds a value while a save is under way

	// pending means that the record is saved when the source is settled. A source that was
	// modified just now may change after its bytes were read, without a difference that a
	// later run could see.
	pending bool
	timer   *time.Timer // fires when the source is settled; nil: it was from the start

	settling chan struct{} // holds a value while settle is at work

	unheard map[int]bool // parts of an earlier run that the server has not been asked for yet
	learned bool         // a part that failed changed the record, and the store does not have the change
}

// Open takes the lock of the upload and loads what an earlier run left. The Keeper is
// nil if the store cannot be used. The error Is journal.ErrBusy, or the cause of ctx.
func Open(ctx context.Context, store journal.Store, log *slog.Logger, up Upload) (*Keeper, error) {
	k := &Keeper{store: store, log: log, source: up, saving: make(chan struct{}, 1), settling: make(chan struct{}, 1)}
	var err error
	k.unlock, err = lock(ctx, store, up.Key)
	switch {
	case err == nil:
	case errors.Is(err, journal.ErrBusy):
		return nil, fmt.Errorf("%w: the same file is being sent to the same server", journal.ErrBusy)
	case ctx.Err() != nil:
		return nil, failure.Ended(ctx)
	default:
		k.warnUnrecorded(ctx, err)
		return nil, nil
	}
	r, err := Load(ctx, store, up)
	switch {
	case err == nil:
		k.adopt(r, up)
		return k, nil
	case ctx.Err() != nil:
		k.Close(ctx)
		return nil, failure.Ended(ctx)
	case errors.Is(err, errNothingMade):
		k.stale = true
	case errors.Is(err, journal.ErrNoRecord):
		up.restarts(ctx, superseded(ctx, store, up))
	case errors.Is(err, journal.ErrRecordDamaged), errors.Is(err, errUnfit):
		up.restarts(ctx, unusable(err))
	default:
		// A record that cannot be read must not be overwritten.
		if errors.Is(err, journal.ErrRecordVersion) {
			up.restarts(ctx, unusable(err))
		}
		k.warnUnrecorded(ctx, err)
		k.Close(ctx)
		return nil, nil
	}
	k.record = journal.Record{
		Key: up.Key, Account: up.Account, Endpoint: address.WithoutQuery(up.Endpoint), Source: up.Source, Length: protocol.Known(up.Length),
	}
	return k, nil
}

func (k *Keeper) adopt(r *journal.Record, up Upload) {
	if r.Key != up.Key {
		k.former = r.Key
	}
	k.record, k.saved, k.unheard = *r, true, make(map[int]bool)
	k.record.Key = up.Key
	for i, p := range r.Parts {
		if p.URL != "" {
			k.unheard[i] = true
		}
	}
}

var (
	// errUnfit means that a record is not one of this upload.
	errUnfit = errors.New("it is not of this upload")

	// errNothingMade means that parts were planned and none was made, so that a new run
	// may plan again.
	errNothingMade = fmt.Errorf("%w: no part was made", journal.ErrNoRecord)
)

// Load returns the record of an upload if a later run can resume from it. The error Is
// journal.ErrNoRecord if it cannot.
func Load(ctx context.Context, store journal.Store, up Upload) (*journal.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	r, err := store.Load(ctx, up.Key)
	if errors.Is(err, journal.ErrNoRecord) && up.Former != "" {
		r, err = store.Load(ctx, up.Former)
	}
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, journal.ErrNoRecord // a store may return nil for a missing record
	}
	n, known := r.Length.Int64()
	switch {
	case r.Endpoint != address.WithoutQuery(up.Endpoint), r.Account != up.Account, !known || n != up.Length, r.URL == "" && len(r.Parts) == 0:
		return nil, errUnfit
	case r.URL != "" && address.LeavesTLS(up.Endpoint, r.URL):
		return nil, fmt.Errorf("%w: %w", errUnfit, failure.ErrInsecureLocation)
	}
	if err := fitParts(r, up); err != nil {
		return nil, err
	}
	if r.URL == "" && !slices.ContainsFunc(r.Parts, func(p journal.PartRecord) bool { return p.URL != "" }) {
		return nil, errNothingMade
	}
	return r, nil
}

// IsUnusable reports whether an error of Load means that there is no record to resume
// from, rather than that the store failed.
func IsUnusable(err error) bool {
	return errors.Is(err, journal.ErrNoRecord) || errors.Is(err, errUnfit)
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
	k.record.URL, k.record.Parts, k.saved, k.stale, k.unheard = "", nil, false, true, nil
	clearDoubts(&k.record)
}

// clearDoubts clears the marks Reach, Uncertain and Denial of a record.
func clearDoubts(r *journal.Record) {
	r.Reach, r.Uncertain, r.Denial = protocol.Length{}, false, failure.Denial{}
}

func hasDoubts(r *journal.Record) bool {
	return r.Reach != (protocol.Length{}) || r.Uncertain || r.Denial != (failure.Denial{})
}

// Hear is the listener of an upload in one piece.
func (k *Keeper) Hear(ctx context.Context, ev engine.Event) error {
	if k == nil {
		return nil
	}
	if ev.Kind == engine.Stopped {
		k.settleAtEnd(ctx)
	}
	switch ev.Kind {
	case engine.Created:
		if isWhole(ev) {
			return nil
		}
		k.begin(ctx, func(r *journal.Record) {
			r.URL, r.Offset, r.Expires, r.Parts = ev.URL, 0, ev.Expires, nil
		})
	case engine.Resumed, engine.Rewound:
		// This run now sends bytes that a later run could not account for.
		if hasDoubts(&k.record) && !isWhole(ev) {
			k.update(ctx, clearDoubts)
		}
	case engine.LastByte:
		k.update(ctx, func(r *journal.Record) { r.Uncertain = true })
	case engine.Stopped:
		if !ev.Standing.Heard {
			return nil // the record is still up to date
		}
		k.update(ctx, func(r *journal.Record) {
			r.URL, r.Offset = ev.URL, ev.Offset
			r.Reach, r.Uncertain, r.Denial = ev.Standing.Reach, ev.Standing.Uncertain, ev.Standing.Denial
			if !ev.Expires.IsZero() {
				r.Expires = ev.Expires
			}
		})
	case engine.Progress, engine.Retry, engine.Waiting:
	}
	return nil
}

// isWhole reports whether the server has all bytes, so that none is sent any more.
func isWhole(ev engine.Event) bool {
	n, known := ev.Length.Int64()
	return known && ev.Offset == n
}

// begin records a new upload, before its first byte is sent, or as soon as its source is
// settled.
func (k *Keeper) begin(ctx context.Context, change func(*journal.Record)) {
	wait := k.unsettled()
	k.mu.Lock()
	clearDoubts(&k.record) // of an earlier upload
	change(&k.record)
	k.record.Created = time.Now().UTC()
	k.pending = wait > 0
	if k.pending {
		k.timer = time.AfterFunc(wait, func() { k.settle(ctx, 0) })
	}
	k.mu.Unlock()
	if wait <= 0 {
		k.create(ctx)
	}
}

func (k *Keeper) unsettled() time.Duration {
	if k.source.Unsettled == nil {
		return 0
	}
	return k.source.Unsettled()
}

// settle saves the pending record if the source settles within the time most. A source that
// changed gets no record; the upload then fails by its own check.
func (k *Keeper) settle(ctx context.Context, most time.Duration) {
	k.settling <- struct{}{}
	defer func() { <-k.settling }()
	k.mu.Lock()
	pending := k.pending
	k.mu.Unlock()
	if !pending {
		return
	}
	ctx = context.WithoutCancel(ctx)
	if wait := k.unsettled(); wait > most || wait > 0 && engine.Pause(ctx, wait) != nil || k.source.Check(ctx) != nil {
		return
	}
	k.mu.Lock()
	k.pending = false
	k.mu.Unlock()
	k.create(ctx)
}

// settleAtEnd waits for the pending record at the end of a run. It does not delay the end of a
// canceled run noticeably.
func (k *Keeper) settleAtEnd(ctx context.Context) {
	most := source.Granularity
	if ctx.Err() != nil {
		most = source.FineStep
	}
	k.settle(ctx, most)
}

// create saves the record of a new upload, and what changed while it was saved.
func (k *Keeper) create(ctx context.Context) {
	if err := k.save(ctx, func(*journal.Record) {}); err != nil {
		k.warnUnrecorded(ctx, err)
		return
	}
	k.mu.Lock()
	k.saved = true
	behind := k.stored < k.version
	k.mu.Unlock()
	if behind {
		k.update(ctx, func(*journal.Record) {})
	}
}

// update changes a record that the store has. If the store fails, the record that it
// has is still good enough to resume from.
func (k *Keeper) update(ctx context.Context, change func(*journal.Record)) {
	k.mu.Lock()
	saved := k.saved
	if !saved {
		change(&k.record)
		k.version++
	}
	k.mu.Unlock()
	if !saved {
		return
	}
	if err := k.save(ctx, change); err != nil {
		k.log.LogAttrs(ctx, slog.LevelWarn, "record not updated", slog.Any("err", err))
	}
}

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
	if k.stored >= mine {
		k.mu.Unlock()
		return nil
	}
	version := k.version
	k.record.Updated = time.Now().UTC()
	r := k.record
	r.Parts = slices.Clone(r.Parts)
	k.mu.Unlock()

	ctx, cancel := outlive(ctx)
	defer cancel()
	if err := k.store.Save(ctx, &r); err != nil {
		return err
	}
	k.removeFormer(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stored = version
	return nil
}

// removeFormer removes the record that has the key of an earlier version, now that there is
// one under the new key, or none is needed.
func (k *Keeper) removeFormer(ctx context.Context) {
	if k.former == "" {
		return
	}
	if err := k.store.Delete(ctx, k.former); err != nil {
		k.log.LogAttrs(ctx, slog.LevelWarn, "record of an earlier version not removed", slog.Any("err", err))
		return
	}
	k.former = ""
}

func lock(ctx context.Context, store journal.Store, key string) (unlock func() error, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	return store.Lock(ctx, key)
}

// outlive returns a context for a call of the store that must be made even after ctx ended,
// because a canceled upload is resumed from its record.
func outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), callTime)
}

// Forget removes the record of an upload that is complete or cannot be resumed.
func (k *Keeper) Forget(ctx context.Context) {
	if k == nil {
		return
	}
	k.stopTimer()
	if !k.saved && !k.stale {
		return
	}
	ctx, cancel := outlive(ctx)
	defer cancel()
	k.removeFormer(ctx)
	if err := k.store.Delete(ctx, k.record.Key); err != nil {
		k.log.LogAttrs(ctx, slog.LevelWarn, "record of a finished upload not removed", slog.Any("err", err))
		return
	}
	k.saved, k.stale = false, false
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

// Close releases the lock.
func (k *Keeper) Close(ctx context.Context) {
	if k == nil || k.unlock == nil {
		return
	}
	k.stopTimer()
	if err := k.unlock(); err != nil {
		k.log.LogAttrs(ctx, slog.LevelWarn, "record not unlocked", slog.Any("err", err))
	}
}

func (k *Keeper) warnUnrecorded(ctx context.Context, err error) {
	k.log.LogAttrs(ctx, slog.LevelWarn, "upload cannot be resumed by a later run", slog.Any("err", err))
}
