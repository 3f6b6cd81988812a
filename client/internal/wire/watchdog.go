package wire

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/tusker-go/tusker/client/failure"
)

// A watchdog ends a request that shows no sign of life. It limits the gap between two
// signs, never the total time.
//
// A sign of life costs no more than reading the clock: the timer keeps running, and
// checks when it fires whether there was a sign in the meantime.
type watchdog struct {
	stall, finish time.Duration // 0: no limit
	began         time.Time
	timer         *time.Timer
	cancel        context.CancelCauseFunc
	limit         atomic.Int64 // the duration that the deadline was computed from
	deadline      atomic.Int64 // time since began; never: no deadline
	armed         atomic.Int64 // when the timer fires, as time since began
	stopped       atomic.Bool
	ending        atomic.Bool // the server handles the end of an upload
}

const never = math.MaxInt64

// watch starts a watchdog and returns the context that it ends.
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

// look ends the request if the deadline has passed, and otherwise sets the timer to
// the current deadline.
func (w *watchdog) look() {
	now := int64(time.Since(w.began))
	deadline := w.deadline.Load()
	if deadline <= now {
		w.cancel(fmt.Errorf("%w: no sign of life for %v", failure.ErrStalled, time.Duration(w.limit.Load())))
		return
	}
	if deadline == never {
		w.armed.Store(never)
		if w.deadline.Load() == never {
			return // set arms the timer again
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

// alive records a sign of life.
func (w *watchdog) alive() { w.set(w.stall) }

// finishing allows the server the time that the end of an upload may take.
func (w *watchdog) finishing() {
	w.ending.Store(true)
	w.patient()
}

// patient allows the same time for something else.
func (w *watchdog) patient() { w.set(w.finish) }

// resume restores the time that the request has in its current state.
func (w *watchdog) resume() {
	if w.ending.Load() {
		w.patient()
		return
	}
	w.alive()
}

// grown records that the server has more bytes. While the request waits for its source, the
// watch stays stopped.
func (w *watchdog) grown() {
	if w.deadline.Load() != never {
		w.resume()
	}
}

// pause stops the watch while the request waits for its source or its reader.
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
