package fleet

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

// smallItem is the largest size in bytes of an item whose record has the mark for the last byte
// from the beginning. It saves one message for each small item. If the server loses such an
// upload before its first byte, the item is uncertain although nothing was sent.
const smallItem = 64 << 10

// recordState is what a claim knows of its record.
type recordState struct {
	edges    string          // of the source that was opened; "": they are not compared
	known    bool            // the engine was asked, or has stored the record of this claim
	first    string          // edges that the first worker saw; "": they are not compared
	stored   *journal.Record // the record that the engine has; nil: none
	text     []byte          // of the record
	last     uint64          // sequence of its message, or that of a deletion; 0: there is none
	done     bool            // a worker has stored the result
	conflict bool            // another worker has changed the record, so it has to be loaded
	lost     int             // creations that lost against that of another worker
}

// claimStore keeps the records of the items of a job for the uploads of a worker. Each upload
// runs in the context of its claim. It is a journal.Store, a journal.Leaser and a
// journal.Ledger.
//
// Records are never removed, because the record of a finished item keeps a worker that slept
// from another upload. For the same reason the ledger is empty: the result of an item is
// stored by the worker itself.
type claimStore struct{}

var errNoClaim = errors.New("upload without a claim")

// Load implements journal.Store. The first worker of a new item does not ask the engine: if
// there is a record nevertheless, its first Save conflicts. The error Is
// client.ErrSourceChanged if the source has other bytes than those of the first worker.
func (claimStore) Load(ctx context.Context, key string) (*journal.Record, error) {
	c := claimOf(ctx)
	if c == nil {
		return nil, errNoClaim
	}
	if c.mayBeNew() {
		return nil, journal.ErrNoRecord
	}
	if !c.record.known {
		if err := c.look(); err != nil {
			return nil, err
		}
	}
	state := &c.record
	if state.stored == nil {
		return nil, journal.ErrNoRecord
	}
	if state.first != "" && state.edges != "" && state.first != state.edges {
		return nil, fmt.Errorf("%w: its ends differ from those that an earlier worker saw: add it again", client.ErrSourceChanged)
	}
	r := *state.stored
	r.Key, r.Revision = key, strconv.FormatUint(state.last, 10)
	return &r, nil
}

// mayBeNew reports whether the item has no record, as far as the message tells.
func (c *claim) mayBeNew() bool {
	return !c.record.known && !c.record.conflict && c.isFirst()
}

// look loads the record from the engine. It waits for the answer until the lease is lost.
func (c *claim) look() error {
	return until(c.held, func(ctx context.Context) error {
		msg, err := c.job.last(ctx, c.job.recordStream(), c.job.record(c.id))
		if err != nil {
			return err
		}
		c.record = recordState{edges: c.record.edges, lost: c.record.lost, known: true}
		if msg == nil {
			return nil
		}
		c.record.last = msg.Sequence
		if isDeleted(msg) {
			return nil
		}
		v, r, err := decodeRecord(msg.Data)
		if err != nil {
			return err
		}
		c.record.stored, c.record.text, c.record.done, c.record.first = r, v.Record, v.Done, v.Edges
		return nil
	})
}

// noRevision is the revision of an upload that is reserved. Only one URL can be stored for an
// item, so a reservation is not stored.
const noRevision = "0"

// Save implements journal.Store. It waits for the engine until the lease is lost.
func (claimStore) Save(ctx context.Context, r *journal.Record) error {
	c := claimOf(ctx)
	switch {
	case c == nil:
		return errNoClaim
	case r.URL == "":
		r.Revision = noRevision
		return nil
	}
	begins := r.Revision == "" || r.Revision == noRevision
	if !begins && r.Revision != strconv.FormatUint(c.record.last, 10) {
		return journal.ErrConflict
	}
	next := *r
	next.Uncertain = r.Uncertain || c.item.Size <= smallItem
	next.Reach = protocol.Length{} // other workers may send, too
	if !begins && c.record.stored != nil && isSameRecord(*c.record.stored, next) {
		return nil
	}
	if err := c.put(&next, begins); err != nil {
		return err
	}
	r.Revision = strconv.FormatUint(c.record.last, 10)
	return nil
}

// isSameRecord reports whether two records differ only in what is for people.
func isSameRecord(a, b journal.Record) bool {
	return a.URL == b.URL && a.Uncertain == b.Uncertain && a.Denial == b.Denial && a.Expires.Equal(b.Expires)
}

// put stores a record in place of the one that the claim knows, until the engine answers or
// the lease is lost. If an earlier try was not answered, the engine may have stored it; it then
// has these bytes. Begins means that the record is that of a new upload.
func (c *claim) put(r *journal.Record, begins bool) error {
	edges := c.record.edges
	if c.record.first != "" {
		edges = c.record.first
	}
	text, err := journal.Encode(r, "")
	if err != nil {
		return err
	}
	data := encodeRecord(text, edges, false)
	last, _, err := c.job.replace(c.held, c.job.recordStream(), expect(c.job.record(c.id), data, c.record.last))
	switch {
	case err == nil:
		c.keep(r, text, edges, last)
	case isConflict(err):
		if begins {
			c.record.lost++
		}
		c.record = recordState{edges: c.record.edges, lost: c.record.lost, conflict: true}
		return journal.ErrConflict
	}
	return err
}

// keep notes that the engine has a record.
func (c *claim) keep(r *journal.Record, text []byte, edges string, last uint64) {
	kept := *r
	c.record.stored, c.record.text, c.record.first, c.record.last, c.record.known = &kept, text, edges, last, true
}

// markDone marks the record of an item that has a result. It does not wait for the engine,
// because the mark only saves a later worker a question to the upload server.
func (c *claim) markDone() {
	if c.record.stored == nil {
		return
	}
	data := encodeRecord(c.record.text, c.record.first, true)
	_ = c.job.conn.PublishMsg(expect(c.job.record(c.id), data, c.record.last))
}

// Delete implements journal.Store. It keeps the record.
func (claimStore) Delete(context.Context, string, string) error { return nil }

// Lock implements journal.Store. The client uses Lease.
func (claimStore) Lock(context.Context, string) (func() error, error) {
	return func() error { return nil }, nil
}

// Lease implements journal.Leaser: the lease of the item is that of its message.
func (claimStore) Lease(ctx context.Context, _ string) (context.Context, func() error, error) {
	c := claimOf(ctx)
	if c == nil {
		return nil, nil, errNoClaim
	}
	return c.held, func() error { return nil }, nil
}

// LoadFinished implements journal.Ledger.
func (claimStore) LoadFinished(context.Context, string, string) (*journal.Record, error) {
	return nil, journal.ErrNoRecord
}

// SaveFinished implements journal.Ledger.
func (claimStore) SaveFinished(context.Context, *journal.Record) error { return nil }

// opened is called with the source of the item before its upload begins. It takes what
// identifies the bytes for later workers.
func (c *claim) opened(ctx context.Context, h source.Handle) error {
	if c.item.Version != "" {
		return nil
	}
	edges, err := edgesOf(ctx, h)
	c.record.edges = edges
	return err
}

var (
	_ journal.Store  = claimStore{}
	_ journal.Leaser = claimStore{}
	_ journal.Ledger = claimStore{}
)
