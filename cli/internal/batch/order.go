package batch

import "sync"

// inOrder returns a function to call at the end of each file. It prints the results
// in the order of the files, each as soon as those before it are known.
func (b *Batch) inOrder(n int) func(i int, row string, err error) {
	var mu sync.Mutex
	type outcome struct {
		row  string
		sent bool
	}
	early := make(map[int]outcome) // files that ended before an earlier file
	next := 0
	return func(i int, row string, err error) {
		mu.Lock()
		defer mu.Unlock()
		early[i] = outcome{row, err == nil}
		for ; next < n; next++ {
			through, ok := early[next]
			if !ok {
				return
			}
			delete(early, next)
			if through.sent && !b.JSON {
				b.Console.Out.Line("%s", through.row)
			}
		}
	}
}
