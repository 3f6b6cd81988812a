package client

import (
	"context"
	"iter"
	"sync"

	"github.com/tusker-go/tusker/client/internal/parts"
)

// UploadEach uploads the items of a sequence, Config.Concurrency of them at the same time, and
// yields each item with its outcome as soon as its upload has ended. It is for more items than a
// program wants to keep: an item is taken when its upload can begin, and no outcome is kept. An
// upload that fails does not stop the others. An upload that only waits for its source does not
// count, see EventSettling. All items are OneOfMany.
//
// Nothing happens until the result is ranged over, and each range is a run of its own. While the
// body of the loop runs, further uploads that end wait for it, so a slow body slows the uploads.
// The items are taken from other goroutines, one at a time. A sequence that waits for further
// items must return when ctx ends.
//
// When ctx ends, no further item is taken, the uploads under way end with its cause, and the
// loop ends. If the loop is left early, the uploads under way are canceled, and can be resumed
// as after any other cancellation. The loop is left when they have ended.
func (c *Client) UploadEach(ctx context.Context, items iter.Seq[Item]) iter.Seq2[Item, Outcome] {
	return func(yield func(Item, Outcome) bool) {
		ctx, cancel := context.WithCancel(ctx)
		next, stop := iter.Pull(items)
		defer stop()
		type ended struct {
			item Item
			Outcome
		}
		results := make(chan ended)
		defer func() {
			cancel()
			for range results { // until all workers have ended
			}
		}()
		var taking sync.Mutex
		crew := parts.Crew[Item]{
			Workers: c.concurrency,
			Next: func() (Item, bool) {
				taking.Lock()
				defer taking.Unlock()
				if ctx.Err() != nil {
					return Item{}, false
				}
				return next()
			},
			Do: func(_ context.Context, item Item, rest func()) {
				options := item.Options.orZero()
				options.OneOfMany = true
				result, err := c.uploadOne(ctx, item.Source, &options, rest)
				results <- ended{item, Outcome{result, err}}
			},
		}
		go func() {
			defer close(results)
			crew.Run(ctx)
		}()
		for r := range results {
			if !yield(r.item, r.Outcome) {
				return
			}
		}
	}
}
