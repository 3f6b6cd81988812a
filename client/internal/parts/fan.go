// Package parts sends one upload as several that the server joins: the parts of one
// source, over several connections, or several sources.
package parts

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/cause"
)

// maxResting is how many jobs of a crew may rest at a time. A resting upload costs an open
// file and a little memory.
const maxResting = 512

// Crew has workers take jobs until there is none left.
type Crew[T any] struct {
	Workers int
	Next    func() (T, bool)

	// Do does one job. It calls rest when the job will only wait, so that another worker can
	// begin.
	Do func(ctx context.Context, job T, rest func())

	// Grow may add workers until done is closed. nil: their number stays.
	Grow func(ctx context.Context, done <-chan struct{}, add func(n int))
}

// Run returns when all jobs are done. After ctx ended, no further job begins.
func (c Crew[T]) Run(ctx context.Context) {
	var wg sync.WaitGroup
	var working, resting atomic.Int64
	done := make(chan struct{})
	finished := sync.OnceFunc(func() { close(done) })
	var add func(n int)
	work := func() {
		defer func() {
			if working.Add(-1) == 0 {
				finished()
			}
		}()
		for ctx.Err() == nil {
			job, ok := c.Next()
			if !ok {
				return
			}
			replaced := false
			c.Do(ctx, job, func() {
				if replaced {
					return
				}
				if resting.Add(1) > maxResting {
					resting.Add(-1)
					return
				}
				replaced = true
				add(1)
			})
			if replaced {
				resting.Add(-1)
				return
			}
		}
	}
	add = func(n int) {
		working.Add(int64(n))
		for range n {
			wg.Go(work)
		}
	}
	add(c.Workers)
	if c.Grow != nil {
		wg.Go(func() { c.Grow(ctx, done, add) })
	}
	wg.Wait()
}

// Count returns a Next for the jobs 0 to n-1.
func Count(n int) func() (int, bool) {
	var next atomic.Int64
	return func() (int, bool) {
		i := int(next.Add(1)) - 1
		return i, i < n
	}
}

// fan runs a crew whose first failure cancels the other workers. It returns that failure,
// which Is failure.ErrPart, or why ctx ended.
func fan[T any](ctx context.Context, c Crew[T], do func(ctx context.Context, job T, rest func()) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c.Do = func(ctx context.Context, job T, rest func()) {
		if err := do(ctx, job, rest); err != nil {
			cancel(cause.Internal(err))
		}
	}
	c.Run(ctx)
	if first := context.Cause(ctx); first == nil || errors.Is(first, failure.ErrPart) {
		return first
	}
	return cause.Why(ctx)
}

// Each does something for 0 to n-1, at most limit at a time. The first failure cancels
// the others; it is returned and Is failure.ErrPart. See Crew for rest.
func Each(ctx context.Context, n, limit int, do func(ctx context.Context, i int, rest func()) error) error {
	return fan(ctx, Crew[int]{Workers: min(n, limit), Next: Count(n)}, do)
}
