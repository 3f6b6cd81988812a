package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// AddOptions describes what Add adds. nil and the zero value: a list without a name, in
// OrderWalk.
type AddOptions struct {
	// List names the list, such as the arguments of the command that made it. An Add that was
	// interrupted is resumed by an Add of the same List. Each List has its own state, so
	// different lists may be added at the same time.
	List string

	// Order is the order of the items.
	Order Order

	// OnProgress is called after each batch. It must return at once. nil: nothing is called.
	OnProgress func(Added)
}

// Added says how far an Add got.
type Added struct {
	// Items is how many items this call added to the queue, and Bytes their size.
	Items, Bytes int64

	// Resumed is how many items of the list an earlier call, which was interrupted, had
	// added before.
	Resumed int64
}

// Resumes returns the item after which an Add of a list that was interrupted will resume, so
// that the items before it need not be produced again. False: the Add begins with the first
// item. The errors are those of Add.
func (j *Job) Resumes(ctx context.Context, list string) (after Item, ok bool, err error) {
	var queue jetstream.Stream
	err = j.patiently(ctx, func(ctx context.Context) (err error) {
		ctx, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		queue, err = j.js.Stream(ctx, j.queue())
		return err
	})
	if err != nil {
		return Item{}, false, fmt.Errorf("add to job %s: %w", j.name, err)
	}
	c, last, err := j.loadCursor(ctx, queue, j.cursor(list))
	if err != nil {
		return Item{}, false, fmt.Errorf("add to job %s: %w", j.name, err)
	}
	after = c.Last.item()
	return after, last != 0 && !c.Done && after.Path != "", nil
}

// batchSize is the number of items in a batch. The engine allows 1000 messages.
const batchSize = 500

// Add adds items to the job, each exactly once, in batches. The items must be in the order
// that the options name, or Add fails with ErrOrder.
//
// An Add that fails or is killed can be repeated with the same list: it continues after the
// last item that the engine stored. When a list was added to its end, a further Add adds it
// again from the beginning: items that are finished in the same version are not uploaded
// again, and items with another size, time or version are new.
//
// If items fails with an error, Add stores the items before it and returns the error. Other
// errors to test for: ErrOrder, ErrInvalid, ErrBusy, ErrNoJob, ErrEngineFull,
// ErrEngineUnreachable, and the cause of ctx. The result says how much was added, also after
// an error.
func (j *Job) Add(ctx context.Context, items iter.Seq2[Item, error], opts *AddOptions) (Added, error) {
	if opts == nil {
		opts = new(AddOptions)
	}
	a := &adder{Job: j, options: *opts, subject: j.cursor(opts.List)}
	err := a.add(ctx, items)
	if err != nil {
		err = fmt.Errorf("add to job %s: %w", j.name, err)
	}
	return a.added, err
}

// adder is one call of Add.
type adder struct {
	*Job
	options AddOptions
	subject string           // of the cursor
	handle  jetstream.Stream // of the queue
	at      cursor           // of the last batch that the engine has
	last    uint64           // sequence of its message
	look    bool             // items may have been added before
	batch   []Item
	added   Added
}

func (a *adder) add(ctx context.Context, items iter.Seq2[Item, error]) error {
	if err := a.begin(ctx); err != nil {
		return err
	}
	var before *Item
	if last := a.at.Last.item(); last.Path != "" {
		before = &last
	}
	a.added.Resumed = a.at.Items
	resumed := before
	for it, err := range items {
		if err != nil {
			return errors.Join(err, a.flush(ctx, false))
		}
		if err := it.Validate(); err != nil {
			return errors.Join(err, a.flush(ctx, false))
		}
		if resumed != nil {
			if a.options.Order.Compare(it, *resumed) <= 0 {
				continue
			}
			resumed = nil
		}
		if before != nil && a.options.Order.Compare(it, *before) <= 0 {
			return errors.Join(fmt.Errorf("%w: %q comes after %q", ErrOrder, it.Name(), before.Name()), a.flush(ctx, false))
		}
		before = &it
		a.batch = append(a.batch, it)
		if len(a.batch) == batchSize {
			if err := a.flush(ctx, false); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return a.flush(ctx, true)
}

// begin loads the cursor.
func (a *adder) begin(ctx context.Context) error {
	var subjects map[string]uint64
	if err := a.patiently(ctx, func(ctx context.Context) (err error) {
		if a.handle, err = a.js.Stream(ctx, a.queue()); err != nil {
			return err
		}
		info, err := a.handle.Info(ctx, jetstream.WithSubjectFilter(a.cursors()))
		if err != nil {
			return err
		}
		subjects = info.State.Subjects
		return nil
	}); err != nil {
		return err
	}
	earlier, last, err := a.loadCursor(ctx, a.handle, a.subject)
	if err != nil {
		return err
	}
	if last != 0 && !earlier.Done && earlier.Order != a.options.Order {
		return fmt.Errorf("%w: the earlier call used another order", ErrOrder)
	}
	a.at, a.last = earlier.begin(a.options.List, a.options.Order), last
	delete(subjects, a.subject)
	a.look = a.at.Pass > 1 || len(subjects) > 0
	return nil
}

// flush adds the items of the batch. Done means that the list has no further ones.
func (a *adder) flush(ctx context.Context, done bool) error {
	if len(a.batch) == 0 && !done {
		return nil
	}
	next := a.at
	next.Done, next.Batch = done, nuid.Next()
	for _, it := range a.batch {
		next.Items++
		next.Bytes += it.Size
		if !slices.Contains(next.Roots, it.Root) {
			next.Roots = append(slices.Clone(next.Roots), it.Root)
		}
	}
	if len(a.batch) > 0 {
		next.Last = message(a.batch[len(a.batch)-1])
		next.Last.Metadata = nil
	}
	if err := a.patiently(ctx, func(ctx context.Context) error { return a.commit(ctx, next) }); err != nil {
		return err
	}
	a.added.Items += next.Items - a.at.Items
	a.added.Bytes += next.Bytes - a.at.Bytes
	a.at, a.batch = next, a.batch[:0]
	if a.options.OnProgress != nil {
		a.options.OnProgress(a.added)
	}
	return nil
}

// commit stores the batch and its cursor in one step. The engine stores them only if no other
// process has stored a cursor of the list meanwhile. If the engine did not answer an earlier
// try, it may have stored the batch of that try; the cursor then has its name.
func (a *adder) commit(ctx context.Context, next cursor) error {
	items, commit, err := a.messages(nuid.Next(), next)
	if err != nil {
		return err
	}
	for _, msg := range items {
		if err := a.conn.PublishMsg(msg); err != nil {
			return err
		}
	}
	s, err := a.store(ctx, commit)
	if err == nil {
		a.last = s.Sequence
		return nil
	}
	if !errors.Is(err, errConflict) && !isSilent(err) {
		return err
	}
	was, last, loadErr := a.loadCursor(ctx, a.handle, a.subject)
	switch {
	case loadErr != nil:
		return loadErr
	case last != 0 && was.Batch == next.Batch:
		a.last = last
		return nil
	case last != a.last:
		return ErrBusy
	}
	return err
}

// messages returns the messages of a batch: the items, and the cursor, which commits them.
func (a *adder) messages(id string, next cursor) (items []*nats.Msg, commit *nats.Msg, err error) {
	for i, it := range a.batch {
		q := message(it)
		q.Look = a.look
		data, err := json.Marshal(q)
		if err != nil {
			return nil, nil, err
		}
		items = append(items, &nats.Msg{Subject: a.items(), Data: data, Header: batchHeader(id, i+1)})
	}
	data, err := json.Marshal(next)
	if err != nil {
		return nil, nil, err
	}
	commit = expect(a.subject, data, a.last)
	maps.Copy(commit.Header, batchHeader(id, len(a.batch)+1))
	commit.Header[headerBatchCommit] = []string{"1"}
	return items, commit, nil
}

func batchHeader(id string, sequence int) nats.Header {
	return nats.Header{headerBatchID: {id}, headerBatchSequence: {strconv.Itoa(sequence)}}
}
