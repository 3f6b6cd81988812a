package engine

import (
	"context"
	"time"
)

// progressInterval is the least time between two Progress of bytes that the network
// took.
const progressInterval = 50 * time.Millisecond

// moved is called for each read of a body, so most calls must cost next to nothing.
func (u *upload) moved(ctx context.Context, sent int64) {
	u.sent.Store(sent)
	now := int64(time.Since(u.began))
	if now < u.due.Load() {
		return
	}
	u.due.Store(now + int64(progressInterval))
	u.mu.Lock()
	defer u.mu.Unlock()
	_ = u.Report(ctx, u.Event(Progress))
}

// Event implements [Reporter].
func (u *upload) Event(kind Kind) Event {
	return Event{
		Kind: kind, URL: u.at.URL, Offset: u.at.Offset, Sent: max(u.sent.Load(), u.at.Offset),
		Length: u.size, Expires: u.result.Expires,
		Unknown: kind == Retry && u.at.Trust.isOpen() && u.Retrier.memory.Unknown > 0,
	}
}

// Report implements [Reporter].
func (u *upload) Report(ctx context.Context, ev Event) error {
	return Report(ctx, u.Rules.Log, u.Tell, ev)
}
