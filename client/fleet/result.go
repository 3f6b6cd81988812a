package fleet

import (
	"context"
	"fmt"
	"iter"
	"time"
)

// Result is the outcome of one item.
type Result struct {
	// Item is the item, and ID its identity, see Item.ID.
	Item Item
	ID   string

	// Class is ClassNone if the upload is complete. Message is the error as text otherwise.
	Class   Class
	Message string

	// URL is that of the upload. After a failure, it is that of the unfinished upload, or "".
	// It may be a secret.
	URL string

	// Size is the length of the upload in bytes. Sent is how many bytes the worker that
	// finished the item handed to the network, including those that were sent twice.
	// Resumed is how many bytes the server had when that worker began.
	Size, Sent, Resumed int64

	// Attempts is how often the item was tried, and Deliveries how often a worker got it.
	Attempts, Deliveries int

	// Worker is the ID of the worker that finished the item.
	Worker string

	// Orphans is how many creations of this worker got no answer, or lost against that of
	// another worker. Each may have left an empty upload on the server.
	Orphans int

	// Time is when the engine stored the result, by the engine's clock.
	Time time.Time

	// Sequence numbers the results of a job, not without gaps.
	Sequence uint64
}

// OK reports whether the upload is complete.
func (r Result) OK() bool { return r.Class == ClassNone }

// Filter selects results.
type Filter uint8

// The filters.
const (
	ResultAll    Filter = iota // all results
	ResultOK                   // of uploads that are complete
	ResultFailed               // of items that failed
)

// Results returns the results that the job has now, in the order in which the items were
// finished, each item once. It keeps about 50 bytes in memory for each result. After an error
// it ends. The error Is ErrEngineUnreachable, ErrNoJob or the cause of ctx.
func (j *Job) Results(ctx context.Context, f Filter) iter.Seq2[Result, error] {
	return j.readResults(ctx, f, false)
}

// Recent returns the last results, at most n of them, the newest first. Zero or negative: none.
// Its cost does not depend on the number of older results. The error Is ErrEngineUnreachable,
// ErrNoJob or the cause of ctx.
func (j *Job) Recent(ctx context.Context, f Filter, n int) ([]Result, error) {
	results, err := j.recent(ctx, f, max(0, n))
	if err != nil {
		return nil, fmt.Errorf("last results of job %s: %w", j.name, err)
	}
	return results, nil
}

// Follow is Results that waits for further results until ctx ends. The end of ctx ends the
// loop without an error.
func (j *Job) Follow(ctx context.Context, f Filter) iter.Seq2[Result, error] {
	return j.readResults(ctx, f, true)
}
