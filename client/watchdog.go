package client

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// ErrStalled means that a request went without a sign of life for longer than
// Config.StallTimeout or Config.FinishTimeout allow. It is worth a retry.
var ErrStalled = errors.New("stalled")

// A watchdog ends a request that shows no sign of life. It bounds the gap
// between two signs, never the whole time.
type watchdog struct {
	stall, finish time.Duration // 0: no limit
	timer         *time.Timer
	cancel        context.CancelCauseFunc
	limit         atomic.Int64 // what the running timer was set to
	stopped       atomic.Bool
}

// watch starts a watchdog and gives the context that it ends.
func watch(ctx context.Context, stall, finish time.Duration) (context.Context, *watchdog) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watchdog{stall: stall, finish: finish, cancel: cancel}
	w.timer = time.AfterFunc(time.Hour, w.bite)
	w.timer.Stop()
	w.alive()
	return ctx, w
}

func (w *watchdog) bite() {
	w.cancel(fmt.Errorf("%w: no sign of life for %v", ErrStalled, time.Duration(w.limit.Load())))
}

// alive is a sign of life.
func (w *watchdog) alive() { w.set(w.stall) }

// finishing gives the server the time that the end of an upload may take.
func (w *watchdog) finishing() { w.set(w.finish) }

// pause stops the watch while the request waits for its source.
func (w *watchdog) pause() { w.timer.Stop() }

func (w *watchdog) set(d time.Duration) {
	if w.stopped.Load() {
		return
	}
	if d == 0 {
		w.timer.Stop()
		return
	}
	w.limit.Store(int64(d))
	w.timer.Reset(d)
}

// stop ends the watch and releases the context.
func (w *watchdog) stop() {
	w.stopped.Store(true)
	w.timer.Stop()
	w.cancel(nil)
}
