package batch

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tusker-go/tusker/cli/internal/flags"
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
	w := newWatcher(&b.Selection, dirs, b.Settle, newNotifier, func(err error) {
		b.Console.Say("the system does not tell of all changes (%v): looking every %v", err, rescan)
	})
	defer w.close()
	sent, ended := 0, 0
	b.watching = true
	var mu sync.Mutex
	b.report = func(name string, result *client.Result, err error) {
		mu.Lock()
		defer mu.Unlock()
		ended++
		if w.pending.ended(time.Now(), name, err); err == nil && !result.Skipped {
			sent++
		}
	}
	for {
		due, err := w.next(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if len(due) == 0 {
			b.Console.Say("stopped watching: %s sent", units.FormatCount(sent, "file", "files"))
			return nil
		}
		b.List, ended = &Listing{entries: entriesOf(due...)}, 0
		if err := b.Run(ctx); err != nil {
			if ctx.Err() != nil || ended == 0 { // such as a manifest that cannot be written
				return err
			}
			b.Console.Complain(b.Cmd, err, "")
		}
	}
}

// watcher finds the files of directories that should be sent, again and again.
type watcher struct {
	selection *flags.Selection
	dirs      []string
	pending   pending
	changes   *notifier   // nil: the system tells of no changes, so only time shows them
	polls     func(error) // called once if the system does not tell of all changes; nil: it was called
}

// newWatcher returns a watcher of the files of dirs that selection selects. A file is sent when it
// has not changed for the time settle. The caller closes the watcher.
func newWatcher(selection *flags.Selection, dirs []string, settle time.Duration, notify func() (*notifier, error), polls func(error)) *watcher {
	w := &watcher{selection: selection, dirs: dirs, pending: pending{settle: settle}, polls: polls}
	var err error
	if w.changes, err = notify(); err != nil {
		w.changes = nil
		w.poll(err)
	}
	return w
}

func (w *watcher) poll(err error) {
	if w.polls != nil {
		w.polls(err)
		w.polls = nil
	}
}

// next waits for files that should be sent now, and returns them. It returns none, or an error,
// when ctx ends.
func (w *watcher) next(ctx context.Context) ([]entry, error) {
	for ctx.Err() == nil {
		found, err := Find(ctx, nil, w.selection, nil, w.dirs)
		if err != nil {
			return nil, err
		}
		var changed <-chan struct{}
		if w.changes != nil {
			changed = w.changes.changed
			if err := w.changes.watch(found.dirs); err != nil {
				w.poll(err)
			}
		}
		due, next := w.pending.pick(time.Now(), slices.Collect(found.entries.all()))
		if len(due) > 0 {
			return due, nil
		}
		waitForChange(ctx, changed, next)
	}
	return nil, nil
}

func (w *watcher) close() {
	if w.changes != nil {
		w.changes.close()
	}
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
