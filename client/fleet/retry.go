package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Retry adds failed items to the queue again, and removes their results. Without names, it
// adds all failed items; otherwise those whose ID, Name or Path is in names. An item of
// ClassUncertain, ClassChanged, ClassRefused or ClassRecord is uploaded from its beginning, and
// any other item is resumed. It returns how many items were added. Names that match no failed
// item are an error that Is ErrInvalid, after the others were added.
func (j *Job) Retry(ctx context.Context, names ...string) (int64, error) {
	var n int64
	found := make(map[string]bool)
	var stream jetstream.Stream
	err := j.patiently(ctx, func(ctx context.Context) (err error) {
		stream, err = j.js.Stream(ctx, j.results())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("retry items of job %s: %w", j.name, err)
	}
	for r, err := range j.Results(ctx, ResultFailed) {
		if err != nil {
			return n, err
		}
		match := func(name string) bool { return name == r.ID || name == r.Item.Name() || name == r.Item.Path }
		if len(names) > 0 && !slices.ContainsFunc(names, match) {
			continue
		}
		for _, name := range names {
			if match(name) {
				found[name] = true
			}
		}
		if err := j.retry(ctx, stream, r); err != nil {
			return n, fmt.Errorf("retry item %q of job %s: %w", r.Item.Name(), j.name, err)
		}
		n++
	}
	for _, name := range names {
		if !found[name] {
			return n, fmt.Errorf("%w: job %s has no failed item %q", ErrInvalid, j.name, name)
		}
	}
	return n, nil
}

// retry adds one item again. It can be repeated after each step: a second message of the item
// finds the upload of the first one.
func (j *Job) retry(ctx context.Context, results jetstream.Stream, r Result) error {
	return j.patiently(ctx, func(ctx context.Context) error {
		if r.Class.startsOver() {
			if err := j.dropRecord(ctx, r.ID); err != nil {
				return err
			}
		}
		q := message(r.Item)
		q.Retry = strconv.FormatUint(r.Sequence, 10)
		data, err := json.Marshal(q)
		if err != nil {
			return err
		}
		header := nats.Header{headerMessageID: {"retry." + r.ID + "." + q.Retry}}
		if _, err := j.store(ctx, &nats.Msg{Subject: j.items(), Data: data, Header: header}); err != nil {
			return err
		}
		return engineError(ignoreMissing(results.DeleteMsg(ctx, r.Sequence)))
	})
}

// startsOver reports whether an item that failed in this way is uploaded from its beginning if
// it is retried.
func (c Class) startsOver() bool {
	return c == ClassUncertain || c == ClassChanged || c == ClassRefused || c == ClassRecord
}

// dropRecord removes the record of an item.
func (j *Job) dropRecord(ctx context.Context, id string) error {
	msg, err := j.last(ctx, j.recordStream(), j.record(id))
	if err != nil || msg == nil || isDeleted(msg) {
		return err
	}
	marker := expect(j.record(id), nil, msg.Sequence)
	marker.Header[headerOperation] = []string{"DEL"}
	_, err = j.store(ctx, marker)
	return err
}
