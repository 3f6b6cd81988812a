package batch

import (
	"sync"
	"sync/atomic"
)

// maxIdle is the largest number of idle calls of each. An idle upload costs an open
// file and a little memory.
const maxIdle = 512

// each calls fn for 0 to n-1, at most limit calls at a time. A call that only waits
// calls idle, and does not count towards the limit from then on.
func each(n, limit int, fn func(i int, idle func())) {
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
