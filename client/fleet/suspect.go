package fleet

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A suspect is an item with which a worker has died. The items that were beside it in that
// worker are suspects, too. A worker has one suspect at a time, so that the next death tells
// which of them is the reason.

const (
	suspectTime = 10 * time.Second // after that, the worker may begin another suspect
	suspectWait = time.Second      // until a suspect is tried again
)

// errSuspect means that the worker has another suspect.
var errSuspect = errors.New("workers have died with this item, and this worker is busy with another such item")

// beginAgain notes that the worker begins an item that was delivered before. The error Is
// errSuspect or errDraining if the item has to be given back.
func (r *run) beginAgain(c *claim) (n note, err error) {
	if err := until(c.held, func(ctx context.Context) (err error) {
		n, _, err = r.loadNote(ctx, c.id, c.sequence)
		return err
	}); err != nil {
		return n, err
	}
	if n.Started > 0 {
		if err := r.isolate(c); err != nil {
			return n, err
		}
	}
	err = r.note(c, func(now *note) { now.begin(c.deliveries); n = *now })
	c.counted = err == nil
	return n, err
}

// isolate waits until the worker has no other suspect.
func (r *run) isolate(c *claim) error {
	t := time.NewTimer(min(maxWaitInWorker, r.settings.Lease/6))
	defer t.Stop()
	select {
	case r.suspect <- struct{}{}:
	case <-t.C:
		return errSuspect
	case <-r.uploads.Done():
		return context.Cause(r.uploads)
	case <-c.held.Done():
		return context.Cause(c.held)
	}
	end := sync.OnceFunc(func() { <-r.suspect })
	expiry := time.AfterFunc(suspectTime, end)
	c.clear = func() {
		expiry.Stop()
		end()
	}
	return nil
}
