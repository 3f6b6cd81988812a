package batch

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
)

const (
	// rescan is the longest time between two looks at the directories, for changes that the
	// system does not tell.
	rescan = 30 * time.Second
	// breath is the shortest time between two looks.
	breath = 500 * time.Millisecond
)

// RunWatch uploads the files of directories, and then those that come later, until ctx ends.
// Files that come during uploads wait for the end of these uploads. A file that fails is tried
// again later. The error is nil if no upload was under way at the end.
func (b *Batch) RunWatch(ctx context.Context, dirs []string) error {
	p := &pending{settle: b.Settle}
	changes, err := newNotifier()
	var changed <-chan struct{}
	if err != nil {
		b.sayPolling(err)
	} else {
		defer changes.close()
		changed = changes.changed
	}
	sent, ended, told := 0, 0, err != nil
	b.watching = true
	var mu sync.Mutex
	b.report = func(name string, result *client.Result, err error) {
		mu.Lock()
		defer mu.Unlock()
		ended++
		if p.ended(time.Now(), name, err); err == nil && !result.Skipped {
			sent++
		}
	}
	for ctx.Err() == nil {
		found, err := Find(ctx, nil, &b.Selection, nil, dirs)
		if err != nil {
			if ctx.Err() != nil {
				break
			}
			return err
		}
		if changes != nil {
			if err := changes.watch(found.dirs); err != nil && !told {
				told = true
				b.sayPolling(err)
			}
		}
		due, next := p.pick(time.Now(), slices.Collect(found.entries.all()))
		if len(due) > 0 {
			b.List, ended = &Listing{entries: entriesOf(due...)}, 0
			if err := b.Run(ctx); err != nil {
				if ctx.Err() != nil || ended == 0 { // such as a manifest that cannot be written
					return err
				}
				b.Console.Complain(b.Cmd, err, "")
			}
			continue // other files may have settled meanwhile
		}
		waitForChange(ctx, changed, next)
	}
	b.Console.Say("stopped watching: %s sent", units.FormatCount(sent, "file", "files"))
	return nil
}

func (b *Batch) sayPolling(err error) {
	b.Console.Say("the system does not tell of all changes (%v): looking every %v", err, rescan)
}

// waitForChange returns at a change, but not before a breath has passed, or at the time next,
// or when it is time for a rescan, or when ctx ends. A zero next is no time.
func waitForChange(ctx context.Context, changed <-chan struct{}, next time.Time) {
	wait := rescan
	if !next.IsZero() {
		wait = min(wait, time.Until(next))
	}
	least := time.NewTimer(breath)
	defer least.Stop()
	most := time.NewTimer(max(wait, breath))
	defer most.Stop()
	select {
	case <-changed:
	case <-most.C:
		return
	case <-ctx.Done():
		return
	}
	select {
	case <-least.C:
	case <-ctx.Done():
	}
}
