package client

import (
	"context"
	"time"
)

// A record of an unfinished upload says that the server has bytes of this state of
// the source. A source that was modified just now may change after its bytes were
// read, and be in the same state for all that a later run can see. So a record is
// written when the clock of the file system has moved on and the source is as it
// was: at once on most systems, after 2 s where times are whole seconds.

// saveSettled saves the record, at once or as soon as the source is settled.
func (j *journal) saveSettled(ctx context.Context) {
	wait := j.unsettled()
	if j.pending = wait > 0; !j.pending {
		j.save(ctx)
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	j.stop = func() {
		cancel()
		<-done
	}
	go func() {
		defer close(done)
		if pause(ctx, wait) != nil || j.check() != nil {
			return // the upload finds out for itself what is wrong with its source
		}
		j.mu.Lock()
		defer j.mu.Unlock()
		j.pending = false
		j.save(ctx)
	}()
}

// stopSaving ends what saveSettled began. Nothing else uses the record afterwards,
// unless parts are being sent.
func (j *journal) stopSaving() {
	if j.stop != nil {
		j.stop()
		j.stop = nil
	}
}

// settle waits until the record can be saved, and tells whether it can. A short
// wait is not cut short by the end of ctx: a cancelled upload is the one that a
// record is for.
func (j *journal) settle(ctx context.Context) bool {
	wait := j.unsettled()
	if wait <= fineStep {
		ctx = context.WithoutCancel(ctx)
	}
	return pause(ctx, wait) == nil && j.check() == nil
}

func (j *journal) unsettled() time.Duration { return j.source.unsettled(j.source.step()) }
