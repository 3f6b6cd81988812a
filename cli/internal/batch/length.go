package batch

import (
	"context"
	"os"
	"sync"

	"github.com/tusker-go/tusker/cli/internal/progress"
)

// count adds up the sizes of all files in the background, if a display shows the
// sum. The function that it returns waits for the end.
func (b *Batch) count(ctx context.Context, display *progress.Display) func() {
	if display == nil || b.List.Len() < 2 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var counting sync.WaitGroup
	counting.Go(func() {
		var length int64
		for e := range b.List.entries.all() {
			if ctx.Err() != nil {
				return
			}
			if e.size > 0 || e.in != nil || e.err != nil {
				length += e.size
				continue
			}
			if e.remote != nil {
				return // The length of a file that was named is not known yet.
			}
			info, err := os.Stat(e.path())
			switch {
			case err != nil:
			case !info.Mode().IsRegular() && !info.IsDir():
				return // The length of a stream is unknown.
			case info.Mode().IsRegular():
				length += info.Size()
			}
		}
		display.Length(length)
	})
	return func() {
		cancel()
		counting.Wait()
	}
}
