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
	_ = u.told(ctx, Progress, nil)
}

// told sends an event to the listener.
func (u *upload) told(ctx context.Context, kind Kind, set func(*Event)) error {
	if u.Tell == nil {
		return nil
	}
	ev := Event{
		Kind: kind, URL: u.at.URL, Offset: u.at.Offset, Sent: max(u.sent.Load(), u.at.Offset),
		Length: u.size, Expires: u.result.Expires,
	}
	if set != nil {
		set(&ev)
	}
	return u.Tell(ctx, ev)
}
