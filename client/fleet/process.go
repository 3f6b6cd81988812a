package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// metadataItem is the key under which the upload server gets the ID of an item.
const metadataItem = "item"

// process brings one item to an outcome. It returns when the engine knows the outcome, or when
// the lease is lost. It tells exactly one event that ends the item, see Event.Ends.
func (r *run) process(c *claim) {
	defer func() { c.clear() }()
	r.tell(Event{Kind: EventClaimed, Item: c.item, ID: c.id})
	n, done, err := r.prepare(c)
	switch {
	case done:
		return
	case err != nil:
		r.conclude(c, n, nil, err)
		return
	}
	var res *client.Result
	for range maxAgain {
		res, err = r.upload(c, n)
		if err != nil && r.worker.Explain != nil {
			err = r.worker.Explain(c.item, err)
		}
		if decide(r.attempt(c, n, err)).action != again {
			break
		}
		if looked := c.look(); looked != nil {
			err = looked
			break
		}
		if c.record.done {
			r.skip(c)
			return
		}
	}
	r.conclude(c, n, res, err)
}

// prepare looks at what earlier deliveries of the item left. Done means that nothing is left to
// do, and that the end of the item was told.
func (r *run) prepare(c *claim) (n note, done bool, err error) {
	n = note{Message: c.sequence}
	if c.invalid != nil {
		return n, false, c.invalid
	}
	if c.mayBeNew() {
		return n, false, nil
	}
	if err := c.look(); err != nil {
		return n, false, err
	}
	if c.record.done {
		r.skip(c)
		return n, true, nil
	}
	if c.deliveries > 1 {
		if n, err = r.beginAgain(c); err != nil {
			return n, false, err
		}
	}
	if n.isPoison() {
		r.finish(c, n, nil, ClassPoison, "each worker that began the item died with it, and the upload came no further")
		return n, true, nil
	}
	return n, false, nil
}

// attempt describes an attempt for decide.
func (r *run) attempt(c *claim, n note, err error) attempt {
	return attempt{err: err, number: n.Attempts + 1, most: r.settings.Attempts, leaseLost: c.isLost()}
}

// upload makes one attempt.
func (r *run) upload(c *claim, n note) (*client.Result, error) {
	ctx := c.within(r.uploads)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	c.start(stop, time.Now())
	defer c.start(nil, time.Time{})
	src, err := r.worker.Open(ctx, c.item)
	if err != nil {
		return nil, err
	}
	opts := client.UploadOptions{}
	if r.worker.Options != nil {
		opts = r.worker.Options(c.item)
	}
	opts.Metadata, opts.Parallel, opts.Recreate = metadataOf(c, opts.Metadata), 0, 0
	opts.OnEvent = func(ev client.Event) {
		c.noteProgress(ev.Sent)
		if ev.Kind == client.EventResumed && n.isSuspect() && ev.Offset > n.Offset {
			// It is noted before a byte is sent: the worker may die with the next one.
			if r.note(c, func(now *note) { now.progress(c.deliveries, ev.Offset); n = *now }) == nil {
				c.clear()
			}
		}
		if r.worker.OnEvent != nil {
			r.tell(Event{Kind: EventUpload, Item: c.item, ID: c.id, Attempt: n.Attempts + 1, Upload: ev})
		}
	}
	res, err := r.client.Upload(ctx, &itemSource{src, c.item, c.id, c.opened}, &opts)
	r.pulse.sent(res.Sent)
	c.orphans += res.Orphans
	return res, err
}

// metadataOf returns the metadata of the upload of an item: given, or if it is nil, that of the
// item.
func metadataOf(c *claim, given protocol.Metadata) protocol.Metadata {
	m := maps.Clone(given)
	if m == nil {
		m = maps.Clone(c.item.Metadata)
	}
	if given == nil && c.item.Metadata == nil {
		m = protocol.Metadata{"filename": path.Base(c.item.Path)}
	}
	if m == nil {
		m = protocol.Metadata{}
	}
	m[metadataItem] = c.id
	return m
}

// conclude does what the outcome of an attempt demands.
func (r *run) conclude(c *claim, n note, res *client.Result, err error) {
	switch d := decide(r.attempt(c, n, err)); d.action {
	case finish:
		r.finish(c, n, res, ClassNone, "")
	case fail:
		r.finish(c, n, res, d.class, err.Error())
	case putBack, again:
		r.putBack(c, n.Attempts+1, err)
	case giveBack:
		r.returnItem(c, err)
	case abandon:
		r.abandon(c, err)
	}
}

// putBack puts an item back into the queue after an attempt with this number has failed.
func (r *run) putBack(c *claim, number int, err error) {
	wait := putBackWait(number, err)
	unsettled := r.note(c, func(n *note) {
		n.end(c.deliveries)
		n.Attempts, n.Err = number, err.Error()
	})
	if unsettled == nil {
		unsettled = c.settle(c.held, ackBack(wait))
	}
	if unsettled != nil {
		r.abandon(c, unsettled)
		return
	}
	r.tell(Event{Kind: EventPutBack, Item: c.item, ID: c.id, Attempt: number, Wait: wait, Err: err})
}

// abandon leaves an item to the worker that has it now.
func (r *run) abandon(c *claim, err error) {
	r.tell(Event{Kind: EventLost, Item: c.item, ID: c.id, Err: err})
	r.noteLife(c)
}

// skip removes an item from the queue that has a result.
func (r *run) skip(c *claim) {
	r.forget(c)
	r.tell(Event{Kind: EventSkipped, Item: c.item, ID: c.id})
}

// returnItem gives an item back because of an error that is not about the item.
func (r *run) returnItem(c *claim, err error) {
	k := kindOf(err)
	if k == kindEngine {
		r.pulse.fail(err)
	}
	wait := giveBackWait(k, c.deliveries)
	unsettled := r.noteEnd(c)
	if unsettled == nil {
		unsettled = c.settle(c.held, ackBack(wait))
	}
	if unsettled != nil {
		r.abandon(c, unsettled)
		return
	}
	r.tell(Event{Kind: EventReturned, Item: c.item, ID: c.id, Wait: wait, Err: err})
}

// note changes the note about an item, and waits for the engine until the lease is lost.
func (r *run) note(c *claim, change func(*note)) error {
	return r.changeNote(c.held, c.id, c.sequence, change)
}

// noteEnd notes that the worker lived on after it began an item.
func (r *run) noteEnd(c *claim) error {
	if !c.counted {
		return nil
	}
	return r.note(c, func(n *note) { n.end(c.deliveries) })
}

// noteLife is noteEnd for an item whose lease was lost.
func (r *run) noteLife(c *claim) {
	if c.counted {
		r.noteLater(c, func(n *note) { n.end(c.deliveries) })
	}
}

// noteLater changes the note about an item. Nothing depends on it but the count of deaths, so
// it is given up after a while.
func (r *run) noteLater(c *claim, change func(*note)) {
	const patience = 10 * time.Second
	r.answers.Go(func() {
		ctx, cancel := context.WithTimeout(r.leases, patience)
		defer cancel()
		_ = r.changeNote(ctx, c.id, c.sequence, change)
	})
}

// finish stores the result of an item, and only then removes the item from the queue.
func (r *run) finish(c *claim, n note, res *client.Result, class Class, message string) {
	o := outcome{
		ID: c.id, Item: c.queued, Class: class, Message: message, Attempts: n.Attempts + 1, Deliveries: c.deliveries,
		Worker: r.worker.ID, Orphans: c.orphans + c.record.lost,
	}
	if class == ClassPoison {
		o.Attempts = n.Attempts
	}
	if res != nil {
		o.URL, o.Sent, o.Resumed = res.URL, res.Sent, res.Resumed
	}
	if o.URL == "" && c.record.stored != nil {
		o.URL = c.record.stored.URL
	}
	s, tries, err := r.storeResult(c, o)
	switch {
	case err != nil && c.isLost():
		r.abandon(c, err)
		return
	case err != nil:
		r.returnItem(c, err) // the next worker stores the result
		return
	}
	if class == ClassNone {
		c.markDone()
	}
	if !s.Duplicate {
		r.pulse.finished(c.item.Size, class == ClassNone)
	}
	if s.Duplicate && tries == 1 {
		r.skip(c) // another worker has stored the result
		return
	}
	r.forget(c)
	result := o.result()
	result.Sequence = s.Sequence
	kind := EventDone
	if class != ClassNone {
		kind = EventFailed
	}
	r.tell(Event{Kind: kind, Item: c.item, ID: c.id, Attempt: n.Attempts + 1, Result: &result})
}

// storeResult stores the result of an item until the engine answers or the lease is lost. The
// answer is that of a duplicate if the engine had the result: from another worker, or from an
// earlier try of this one that got no answer.
func (r *run) storeResult(c *claim, o outcome) (s stored, tries int, err error) {
	data, err := json.Marshal(o)
	if err != nil {
		return s, 0, err
	}
	err = until(c.held, func(ctx context.Context) (err error) {
		tries++
		s, err = r.store(ctx, r.resultMessage(c, o, data))
		return err
	})
	if err == nil && !c.isFirst() {
		err = until(c.held, func(ctx context.Context) error { return r.dropFailures(ctx, c.item, s.Sequence) })
	}
	return s, tries, err
}

// resultMessage returns the message of a result. An item is finished once, and fails once for
// each message of the queue, so the engine stores no other result twice.
func (r *run) resultMessage(c *claim, o outcome, data []byte) *nats.Msg {
	subject, id := r.ok(), o.ID+".ok"
	if o.Class != ClassNone {
		subject, id = r.failure(c.item), fmt.Sprintf("%s.%d", o.ID, c.sequence)
	}
	return &nats.Msg{Subject: subject, Data: data, Header: nats.Header{headerMessageID: {id}}}
}

// dropFailures removes the failures of an item before the result with a sequence.
func (r *run) dropFailures(ctx context.Context, it Item, before uint64) error {
	msg, err := r.last(ctx, r.results(), r.failure(it))
	if err != nil || msg == nil {
		return err
	}
	results, err := r.js.Stream(ctx, r.results())
	if err != nil {
		return engineError(err)
	}
	return engineError(results.Purge(ctx, jetstream.WithPurgeSubject(r.failure(it)), jetstream.WithPurgeSequence(before)))
}

// forget removes an item that has a result from the queue.
func (r *run) forget(c *claim) { _ = c.settle(c.held, ackDone) }
