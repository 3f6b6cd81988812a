package client

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tusker-go/tusker/client/internal/cause"
	"github.com/tusker-go/tusker/client/internal/parts"
)

// Item is one of several uploads.
type Item struct {
	// Source has the bytes to upload. nil: the upload fails with ErrSource.
	Source Source

	// Options are those of this upload. OnEvent of several items is called from several
	// goroutines. nil: the zero value.
	Options *UploadOptions
}

// Outcome is how one of several uploads ended, as Upload returns it: Result is never nil,
// and Err is nil if the upload is complete.
type Outcome struct {
	Result *Result
	Err    error
}

// UploadAll uploads items, Config.Concurrency of them at the same time. An upload that only
// waits for its source does not count, see EventSettling. An upload that fails does not stop the
// others; when ctx ends, those not yet begun fail with its cause. UploadEach is for more items
// than a program wants to keep. The outcomes are in the order of items. The error joins theirs,
// each with the name of its source, and is nil if all uploads are complete.
func (c *Client) UploadAll(ctx context.Context, items []Item) ([]Outcome, error) {
	outcomes := make([]Outcome, len(items))
	if c.conn.Endpoint != nil && slices.ContainsFunc(items[min(1, len(items)):], c.isSmall) {
		// Without an answer, each upload takes two requests.
		_ = c.Learn(ctx)
	}
	crew := parts.Crew[int]{Workers: min(len(items), c.concurrency), Next: parts.Count(len(items)), Do: func(_ context.Context, i int, rest func()) {
		if ctx.Err() != nil {
			outcomes[i] = Outcome{Result: &Result{}, Err: cause.Why(ctx)}
			return
		}
		outcomes[i].Result, outcomes[i].Err = c.uploadOne(ctx, items[i].Source, items[i].Options, rest)
	}}
	crew.Run(context.WithoutCancel(ctx)) // each item gets an outcome
	var errs []error
	for i, o := range outcomes {
		if o.Err != nil {
			errs = append(errs, named(items[i].Source, o.Err))
		}
	}
	return outcomes, errors.Join(errs...)
}

// isSmall reports whether an upload may be sent along with its creation.
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
