package client

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// ErrStalled means that a request went without a sign of life for longer than
// Config.StallTimeout or Config.FinishTimeout allow. It is worth a retry.
var ErrStalled = errors.New("stalled")

// A watchdog ends a request that shows no sign of life. It bounds the gap
// between two signs, never the whole time.
//
// A sign of life costs no more than a look at the clock: the timer runs on, and
// looks when it fires whether there was one.
type watchdog struct {
	stall, finish time.Duration // 0: no limit
	began         time.Time
	timer         *time.Timer
	cancel        context.CancelCauseFunc
	limit         atomic.Int64 // that the deadline was made of
	deadline      atomic.Int64 // since began; never is none
	armed         atomic.Int64 // when the timer fires, since began
	stopped       atomic.Bool
	ending        atomic.Bool // the server may take its time from here on
}

const never = math.MaxInt64

// watch starts a watchdog and gives the context that it ends.
func watch(ctx context.Context, stall, finish time.Duration) (context.Context, *watchdog) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watchdog{stall: stall, finish: finish, began: time.Now(), cancel: cancel}
	w.deadline.Store(never)
	w.armed.Store(never)
	w.timer = time.AfterFunc(time.Hour, w.look)
	w.timer.Stop()
	w.alive()
	return ctx, w
}

// look bites where the deadline has passed, and looks again when it may have.
func (w *watchdog) look() {
	now := int64(time.Since(w.began))
	deadline := w.deadline.Load()
	if deadline <= now {
		w.cancel(fmt.Errorf("%w: no sign of life for %v", ErrStalled, time.Duration(w.limit.Load())))
		return
	}
	if deadline == never {
		w.armed.Store(never)
		if w.deadline.Load() == never {
			return // set arms it anew
		}
		deadline = w.deadline.Load()
	}
	w.arm(now, deadline)
}

func (w *watchdog) arm(now, deadline int64) {
	w.armed.Store(deadline)
	w.timer.Reset(time.Duration(deadline - now))
	if w.stopped.Load() {
		w.timer.Stop()
	}
}

// alive is a sign of life.
func (w *watchdog) alive() { w.set(w.stall) }

// finishing gives the server the time that the end of an upload may take.
func (w *watchdog) finishing() {
	w.ending.Store(true)
	w.patient()
}

// patient gives the same time to something else.
func (w *watchdog) patient() { w.set(w.finish) }

// resume gives the time that the request has at where it is.
func (w *watchdog) resume() {
	if w.ending.Load() {
		w.patient()
		return
	}
	w.alive()
}

// pause stops the watch while the request waits for its source.
func (w *watchdog) pause() { w.deadline.Store(never) }

func (w *watchdog) set(d time.Duration) {
	if w.stopped.Load() {
		return
	}
	if d == 0 {
		w.deadline.Store(never)
		return
	}
	now := int64(time.Since(w.began))
	deadline := now + int64(min(d, math.MaxInt64/2))
	w.limit.Store(int64(d))
	w.deadline.Store(deadline)
	if deadline < w.armed.Load() {
		w.arm(now, deadline)
	}
}

// stop ends the watch and releases the context.
func (w *watchdog) stop() {
	w.stopped.Store(true)
	w.timer.Stop()
	w.cancel(nil)
}
