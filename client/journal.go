package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

// smallUpload is the length in bytes up to which an upload is not recorded: to
// send it again costs less than to keep a record of it.
const smallUpload = 1 << 20

// Recreate says when Upload makes a new upload though a record of an earlier
// one is there.
type Recreate uint8

// The values of Config.Recreate.
const (
	// RecreateGone: when the server no longer has the earlier one.
	RecreateGone Recreate = iota

	// RecreateNever: it does not; that the earlier one is gone is an error.
	RecreateNever

	// RecreateAlways: without asking for the earlier one.
	RecreateAlways
)

// journal keeps the record of one upload. A store that fails costs the promise
// to go on later, never the upload. The nil journal keeps nothing.
type journal struct {
	store   Store
	log     *slog.Logger
	key     string
	account string
	unlock  func() error
	source  settler
	check   func() error // of the source
	stop    func()       // see stopSaving

	mu     sync.Mutex // parts are sent side by side
	record Record
	saved  bool // the store has a record
	stale  bool // and one that is of no use

	pending bool // the record is not saved before the source is settled

	// Of parts.
	learned    bool          // something that the store does not have
	unheard    map[int]bool  // parts of an earlier run that were not asked for yet
	made, kept int           // parts made by this run, and how many of them were saved
	saving     chan struct{} // holds one value while parts are saved
}

// openJournal takes the lock of the upload and loads what an earlier run left.
// The journal is nil where the upload is not recorded. The error Is ErrBusy.
func (t *transfer) openJournal(ctx context.Context, endpoint string, creation protocol.Creation) (*journal, error) {
	store := t.c.store
	n, known := t.size().Int64()
	if store == nil || !known || n <= smallUpload {
		return nil, nil
	}
	// A part is not the upload of its file: neither can go on as the other.
	if creation.Concat.Kind != protocol.ConcatNone {
		return nil, nil
	}
	key := t.key(endpoint)
	source, ok := t.src.(settler)
	if key == "" || !ok {
		return nil, nil
	}
	j := &journal{
		store: store, log: t.c.log, key: key, account: t.c.account, saving: make(chan struct{}, 1),
		source: source, check: t.src.check,
	}
	var err error
	if j.unlock, err = store.Lock(ctx, key); err != nil {
		if errors.Is(err, ErrBusy) {
			return nil, fmt.Errorf("%w: the same file is being sent to the same server", ErrBusy)
		}
		if ctx.Err() != nil {
			return nil, ended(ctx)
		}
		j.warn(ctx, err)
		return nil, nil
	}
	switch err := j.load(ctx, endpoint, n); {
	case err == nil:
		return j, nil
	case ctx.Err() != nil:
		j.close(ctx)
		return nil, ended(ctx)
	case errors.Is(err, ErrNoRecord):
	case errors.Is(err, ErrRecordDamaged), errors.Is(err, errUnfit):
		j.log.LogAttrs(ctx, slog.LevelWarn, "record of an earlier upload not used", slog.Any("err", err))
	default:
		// What cannot be read must not be written over.
		j.warn(ctx, err)
		j.close(ctx)
		return nil, nil
	}
	j.record = Record{Key: key, Account: j.account, Endpoint: withoutQuery(endpoint), Source: t.events.source, Length: protocol.Known(n)}
	return j, nil
}

// errUnfit means that a record is not one of this upload.
var errUnfit = errors.New("it is not of this upload")

func (j *journal) load(ctx context.Context, endpoint string, length int64) error {
	r, err := j.store.Load(ctx, j.key)
	if err != nil {
		return err
	}
	if r == nil {
		return ErrNoRecord // as a store may say it that knows no better
	}
	n, known := r.Length.Int64()
	switch {
	case r.Endpoint != withoutQuery(endpoint), r.Account != j.account, !known || n != length, r.URL == "" && len(r.Parts) == 0:
		return errUnfit
	case r.URL != "" && insecure(endpoint, r.URL):
		return fmt.Errorf("%w: %w", errUnfit, ErrInsecureLocation)
	}
	if err := fitParts(r, endpoint, length); err != nil {
		return err
	}
	if r.URL == "" && !slices.ContainsFunc(r.Parts, func(p PartRecord) bool { return p.URL != "" }) {
		j.stale = true
		return ErrNoRecord // parts were planned, and none was made: how to send it is open
	}
	j.record, j.saved, j.unheard = *r, true, make(map[int]bool)
	for i, p := range r.Parts {
		if p.URL != "" {
			j.unheard[i] = true
		}
	}
	return nil
}

// withoutQuery leaves out what may be a secret. The key tells endpoints apart that
// differ in nothing else.
func withoutQuery(endpoint string) string {
	plain, _, _ := strings.Cut(endpoint, "?")
	return plain
}

func insecure(endpoint, location string) bool {
	from, err := url.Parse(endpoint)
	to, err2 := url.Parse(location)
	return err != nil || err2 != nil || from.Scheme == "https" && to.Scheme != "https"
}

// pardon takes back what the record holds against the upload.
func (r *Record) pardon() { r.Reach, r.Uncertain, r.Denial = protocol.Length{}, false, Denial{} }

// created records a new upload, before its first byte goes unless its source has
// to settle first.
func (j *journal) created(ctx context.Context, url string, expires time.Time) {
	if j == nil {
		return
	}
	j.record.URL, j.record.Offset, j.record.Expires = url, 0, expires
	j.record.pardon() // what is held against an earlier one
	j.record.Created = time.Now().UTC()
	j.saveSettled(ctx)
}

// resumed takes back what the record holds against an upload, now that it can be
// gone on with: what this run sends may be more than another can know.
func (j *journal) resumed(ctx context.Context) {
	if !j.record.Uncertain && j.record.Reach == (protocol.Length{}) && j.record.Denial == (Denial{}) {
		return
	}
	j.record.pardon()
	if err := j.put(ctx); err != nil {
		j.outdated(ctx, err)
	}
}

// left records how far an upload got that did not end well. What the record says
// stays where nothing was learned since.
func (j *journal) left(ctx context.Context, t *transfer, err error) {
	if j == nil {
		return
	}
	j.stopSaving()
	if !j.saved && !j.pending || j.pending && !j.settle(ctx) {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case len(j.record.Parts) > 0:
		if !j.learned {
			return
		}
		// What was in doubt is, until all parts are known to be there.
		j.record.Uncertain = t.mayBeJoined || errors.Is(err, ErrUncertain) || j.record.Uncertain && len(j.unheard) > 0
	case t.url == "" || t.joining:
		return
	default:
		j.record.URL, j.record.Offset = t.url, t.offset
		j.record.Reach, j.record.Uncertain, j.record.Denial = t.disputed(err), t.mayBeComplete(ctx, err), t.denial
	}
	if !t.result.Expires.IsZero() {
		j.record.Expires = t.result.Expires
	}
	if j.pending {
		j.pending = false
		j.save(ctx)
		return
	}
	if err := j.put(ctx); err != nil {
		j.outdated(ctx, err)
	}
}

// outdated tells that the record of before stays, which is good enough to go on
// from.
func (j *journal) outdated(ctx context.Context, err error) {
	j.log.LogAttrs(ctx, slog.LevelWarn, "record not updated", slog.Any("err", err))
}

func (j *journal) save(ctx context.Context) {
	if err := j.put(ctx); err != nil {
		j.warn(ctx, err)
		return
	}
	j.saved = true
}

func (j *journal) put(ctx context.Context) error {
	j.record.Updated = time.Now().UTC()
	// A cancelled upload is the one that a record is for.
	return j.store.Save(context.WithoutCancel(ctx), &j.record)
}

// forget removes the record.
func (j *journal) forget(ctx context.Context) {
	if j == nil {
		return
	}
	j.stopSaving()
	if !j.saved && !j.stale {
		return
	}
	if err := j.store.Delete(context.WithoutCancel(ctx), j.key); err != nil {
		j.log.LogAttrs(ctx, slog.LevelWarn, "record of a finished upload not removed", slog.Any("err", err))
		return
	}
	j.saved, j.stale = false, false
}

func (j *journal) close(ctx context.Context) {
	if j == nil || j.unlock == nil {
		return
	}
	j.stopSaving()
	if err := j.unlock(); err != nil {
		j.log.LogAttrs(ctx, slog.LevelWarn, "record not unlocked", slog.Any("err", err))
	}
}

func (j *journal) warn(ctx context.Context, err error) {
	j.log.LogAttrs(ctx, slog.LevelWarn, "upload cannot be resumed by a later run", slog.Any("err", err))
}

// sendRecorded goes on with the upload that the journal has a record of, or
// makes a new one, and keeps the record true.
func (t *transfer) sendRecorded(ctx context.Context, endpoint string, creation protocol.Creation) (err error) {
	j, err := t.openJournal(ctx, endpoint, creation)
	if err != nil {
		return err
	}
	defer j.close(ctx)
	defer func() {
		switch {
		case err == nil:
			j.forget(ctx)
		case errors.Is(err, ErrSourceChanged):
			// What there was to go on with exists no longer.
			t.abandon(ctx, resultURLs(t.result.Parts))
			j.forget(ctx)
		default:
			j.left(ctx, t, err)
		}
	}()
	if j != nil && j.saved && t.c.recreate == RecreateAlways {
		t.abandon(ctx, recordURLs(j.record.Parts))
		j.record.Parts, j.record.URL, j.saved, j.stale = nil, "", false, true
		j.record.pardon()
		j.unheard = nil
	}
	if done, err := t.sendInParts(ctx, endpoint, creation, j); done {
		return err
	}
	if j != nil && j.saved {
		t.url, t.joining, t.allSent, t.denial = j.record.URL, true, j.record.Uncertain, j.record.Denial
		t.earlier, t.resumed = j.record.Reach, func() { j.resumed(ctx) }
		t.expires(ctx, j.record.Expires)
		err := t.send(ctx)
		if !t.isLost(ctx, err) {
			return err
		}
		t.c.log.LogAttrs(ctx, slog.LevelWarn, "earlier upload is gone, beginning anew",
			slog.String("url", redact(t.url)), slog.Any("err", err))
		// The record stays until there is a new upload: who says so may be a proxy
		// whose server is away, and makes no upload either.
		t.anew()
	}
	if err := t.createAny(ctx, endpoint, creation); err != nil {
		return err
	}
	if !t.complete() {
		j.created(ctx, t.url, t.result.Expires)
	}
	if t.parallel == ParallelAuto {
		return t.sendAuto(ctx, endpoint, creation, j)
	}
	return t.send(ctx)
}

// isLost tells whether a recorded upload cannot be gone on with, so that a new
// one takes its place. One that may be complete is not lost, nor is one of a run that
// was ended: what err says then may be of the upload for which it was.
func (t *transfer) isLost(ctx context.Context, err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok || ctx.Err() != nil || t.c.recreate == RecreateNever || errors.Is(err, ErrUncertain) {
		return false
	}
	return e.Op == protocol.OpHead && errors.Is(err, ErrLengthMismatch) || e.Class() == ClassGone
}

// anew forgets the upload, not what is known of the source.
func (t *transfer) anew() {
	t.url, t.at, t.offset, t.best, t.reach = "", "", 0, 0, 0
	t.known, t.declared, t.joining, t.allSent = false, false, false, false
	t.earlier, t.resumed, t.denial = protocol.Length{}, nil, Denial{}
	t.theirs, t.first = protocol.Length{}, 0
	t.result.Resumed, t.result.Expires = 0, time.Time{}
	t.events.anew()
	t.progress()
}
