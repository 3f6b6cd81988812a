package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

// SentStore keeps which files were sent completely, so that a later run need not
// send them again. What it keeps is only a hint: it may be lost at any time, and
// then a file is sent once more. Both methods are safe for concurrent use, and
// fail with the cause of their context once that has ended. Records of unfinished
// uploads, in a type that is a Store too, are apart from these.
type SentStore interface {
	// LoadSent returns the record that was saved last under the key, for an
	// endpoint as Record.Endpoint has it; it is the caller's to change. The
	// error Is ErrNoRecord where there is none, and ErrRecordDamaged, once,
	// where some of what is kept cannot be read: the next call goes without
	// that.
	LoadSent(ctx context.Context, endpoint, key string) (*Record, error)

	// SaveSent keeps the record of a finished upload, or of one that the server
	// refused in the end (Record.Denial), in the place of an earlier
	// one of the same Endpoint and Key. What r points to is not kept. The error
	// Is ErrInvalidRecord where Record.Validate refuses it.
	SaveSent(ctx context.Context, r *Record) error
}

// Sent is the record that Config.Sent has of an upload of src to Endpoint: what
// Upload would leave out, if the server has it still, which is not asked. It is
// false where there is none, or where src is none that can be recognised. The
// error Is ErrSource, ErrNoEndpoint, or one of the store.
func (c *Client) Sent(ctx context.Context, src Source) (Record, bool, error) {
	if _, ok := src.(*streamSource); ok {
		return Record{}, false, nil // to open it would use it up
	}
	t, err := c.begin(src, job{})
	if err != nil {
		return Record{}, false, err
	}
	defer t.close(ctx)
	endpoint, err := c.creationURL()
	if err != nil {
		return Record{}, false, err
	}
	r, err := t.loadSent(ctx, endpoint)
	if err != nil || r == nil || r.Denial.Refused {
		return Record{}, false, err
	}
	return *r, true, nil
}

// loadSent gives nil where there is no record that can be used. No record is used
// of a source that may have changed since without a trace.
func (t *transfer) loadSent(ctx context.Context, endpoint string) (*Record, error) {
	s, ok := t.src.(settler)
	n, known := t.size().Int64()
	key := t.sentKey(endpoint)
	if t.c.sent == nil || key == "" || !ok || !known || !s.trusted() {
		return nil, nil
	}
	r, err := t.c.sent.LoadSent(ctx, withoutQuery(endpoint), key)
	if errors.Is(err, ErrRecordDamaged) {
		t.c.log.LogAttrs(ctx, slog.LevelWarn, "records of what was sent not used", slog.Any("err", err))
		r, err = t.c.sent.LoadSent(ctx, withoutQuery(endpoint), key)
	}
	if errors.Is(err, ErrNoRecord) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if r == nil || !r.isSent(endpoint, key, t.c.account, n) {
		return nil, nil
	}
	return r, nil
}

// sentKey is the key of a record of a complete upload. It is "" for a source that no
// later run could find again.
func (t *transfer) sentKey(endpoint string) string {
	s, ok := t.src.(settler)
	if !ok {
		return ""
	}
	return s.sentKey(t.key(endpoint))
}

// isSent tells whether r can be the record of an upload that was sent.
func (r *Record) isSent(endpoint, key, account string, length int64) bool {
	n, known := r.Length.Int64()
	return r.Validate() == nil && r.Key == key && r.Account == account && r.Endpoint == withoutQuery(endpoint) && r.URL != "" &&
		known && n == length && !insecure(endpoint, r.URL)
}

// sentBefore asks for the upload that an earlier run finished. It is done where
// the server still has it, or where that cannot be found out. Where the server
// has only the beginning, the rest is sent.
func (t *transfer) sentBefore(ctx context.Context, endpoint string, creation protocol.Creation) (done bool, err error) {
	if t.c.sent == nil || t.distrusted || t.c.recreate == RecreateAlways || creation.Concat.Kind != protocol.ConcatNone {
		return false, nil
	}
	r, err := t.loadSent(ctx, endpoint)
	if ctx.Err() != nil {
		return true, ended(ctx)
	}
	if err != nil {
		t.c.log.LogAttrs(ctx, slog.LevelWarn, "cannot tell what was sent before", slog.Any("err", err))
	}
	if r == nil {
		return false, nil
	}
	t.url, t.joining, t.denial = r.URL, true, r.Denial
	err = t.send(ctx)
	switch {
	case err == nil:
		t.result.Skipped = t.result.Sent == 0
		return true, nil
	case !t.isLost(ctx, err):
		if t.denial != r.Denial {
			t.saveSent(ctx, t.denial) // no later run takes it for sent
		}
		return true, err
	}
	t.c.log.LogAttrs(ctx, slog.LevelWarn, "sent before, but the server has it no longer: sending it again",
		slog.String("url", redact(t.url)), slog.Any("err", err))
	t.anew()
	return false, nil
}

// distrust has a source sent again whose earlier upload is not what was sent.
func (t *transfer) distrust(ctx context.Context, err error) {
	t.c.log.LogAttrs(ctx, slog.LevelWarn, "sent before, but the server holds other bytes: sending it again",
		slog.String("url", redact(t.url)), slog.Any("err", err))
	t.anew()
	t.distrusted, t.result.Skipped = true, false
}

// keepSent records an upload that has ended well. A source that others could write
// to is not recorded: the bytes may differ from those that were sent, and its
// attributes be the same.
func (t *transfer) keepSent(ctx context.Context, concat protocol.Concat) {
	// What the server answered to the last bytes is told once.
	told := t.result.Skipped && t.result.Denial == (Denial{})
	if t.c.sent == nil || told || t.result.InUse || concat.Kind != protocol.ConcatNone {
		return
	}
	t.saveSent(ctx, Denial{})
}

// saveSent replaces what Config.Sent has of the upload. A refusal in it makes a
// later run fail.
func (t *transfer) saveSent(ctx context.Context, denial Denial) {
	endpoint, err := t.c.creationURL()
	key := ""
	if err == nil {
		key = t.sentKey(endpoint)
	}
	n, known := t.size().Int64()
	if key == "" || !known {
		return
	}
	now := time.Now().UTC()
	r := &Record{
		Key: key, Account: t.c.account, Endpoint: withoutQuery(endpoint), URL: t.url, Source: t.events.source,
		Length: protocol.Known(n), Offset: n, Created: now, Updated: now, Denial: denial,
	}
	err = r.Validate()
	if err == nil {
		// What was sent stays sent, also where the run is ended by now.
		err = t.c.sent.SaveSent(context.WithoutCancel(ctx), r)
	}
	if err != nil {
		t.c.log.LogAttrs(ctx, slog.LevelWarn, "a later run will send this again", slog.Any("err", fmt.Errorf("keep what was sent: %w", err)))
	}
}
