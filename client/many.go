package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Item is one of several uploads.
type Item struct {
	// Source is what is uploaded. nil: the upload fails with ErrSource.
	Source Source

	// Options are those of this upload. OnEvent of several items is called
	// from several goroutines. nil: the zero value.
	Options *UploadOptions
}

// Outcome is how one of several uploads ended, as Upload returns it: Result is
// never nil, and Err is nil where the upload is complete.
type Outcome struct {
	Result *Result
	Err    error
}

// UploadAll uploads items, Config.Concurrency of them side by side. An upload
// that only waits for its source does not count, see EventSettling. One
// that fails does not stop the others; when ctx ends, those not yet begun fail
// with its cause. The outcomes are in the order of items; the error joins
// theirs, each with the name of its source, and is nil if all is well.
func (c *Client) UploadAll(ctx context.Context, items []Item) ([]Outcome, error) {
	outcomes := make([]Outcome, len(items))
	if c.endpoint != nil && slices.ContainsFunc(items[min(1, len(items)):], c.isSmall) {
		// Without an answer each upload takes its usual way.
		_ = c.Learn(ctx)
	}
	parallel(len(items), c.concurrency, func(i int, idle func()) {
		if ctx.Err() != nil {
			outcomes[i] = Outcome{Result: &Result{}, Err: ended(ctx)}
			return
		}
		o := items[i].Options.orZero()
		outcomes[i].Result, outcomes[i].Err = c.upload(ctx, items[i].Source, job{UploadOptions: o, sink: newSink(o.OnEvent), idle: idle})
	})
	var errs []error
	for i, o := range outcomes {
		if o.Err != nil {
			errs = append(errs, named(items[i].Source, o.Err))
		}
	}
	return outcomes, errors.Join(errs...)
}

// isSmall tells whether an upload may go along with its creation.
func (c *Client) isSmall(item Item) bool {
	if item.Source == nil {
		return false
	}
	n, known := item.Source.Length().Int64()
	return known && n > 0 && n <= c.inline
}

func named(src Source, err error) error {
	if src == nil || src.Name() == "" {
		return err
	}
	return fmt.Errorf("%s: %w", src.Name(), err)
}

// maxIdle is how many calls of parallel may be idle at a time. An idle upload costs
// an open file and a little memory.
const maxIdle = 512

// parallel calls fn for 0 to n-1, at most limit calls at a time. A call that has
// nothing left but to wait calls idle, and does not count from then on.
func parallel(n, limit int, fn func(i int, idle func())) {
	var wg sync.WaitGroup
	var next, idling atomic.Int64
	var work func()
	work = func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			replaced := false
			fn(i, func() {
				switch {
				case replaced:
				case idling.Add(1) > maxIdle:
					idling.Add(-1)
				default:
					replaced = true
					wg.Go(work)
				}
			})
			if replaced {
				idling.Add(-1)
				return
			}
		}
	}
	for range min(n, limit) {
		wg.Go(work)
	}
	wg.Wait()
}
