package doctor

import (
	"context"
	"time"
)

// A Clock measures the waits for a server that is busy, or that does not find an upload yet.
// Bytes and connections need real time, so other waits do not use it. It must be safe for
// concurrent use.
type Clock interface {
	Now() time.Time

	// Sleep waits for d, and reports whether ctx was alive all the time.
	Sleep(ctx context.Context, d time.Duration) bool
}

// systemClock is the clock of this machine.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Sleep(ctx context.Context, d time.Duration) bool { return sleep(ctx, d) }

// sleep sleeps for d, and reports whether ctx was alive all the time.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
