package engine

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tusker-go/tusker/retry"
)

// crowdPause is how long an upload that lacks a resource waits for the end of another one
// before it tries again: a connection or a port may be free although no upload has ended.
const crowdPause = 5 * time.Second

// Crowd counts the uploads of one Client that are under way, so that an upload that lacks a
// resource of this machine can wait until another one ends. The zero value has no uploads. It
// is safe for concurrent use.
type Crowd struct {
	mu       sync.Mutex
	running  int
	waiting  int           // running uploads that wait
	ended    int           // uploads that have ended
	left     chan struct{} // closed when the next upload ends; nil: no upload waits
	reported bool
}

// Running returns how many uploads are under way.
func (c *Crowd) Running() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.running
}

// enter adds an upload, and returns how many have ended.
func (c *Crowd) enter() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running++
	return c.ended
}

func (c *Crowd) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	c.ended++
	if c.left != nil {
		close(c.left)
		c.left, c.waiting = nil, 0 // all of them try again
	}
}

// wait waits until an upload ends, at most crowdPause. Seen is how many uploads had ended when
// the caller last looked; if more have ended by now, there is no wait. It returns false at once
// if all uploads that are under way wait already. Self is 1 if the caller is one of them, or 0.
func (c *Crowd) wait(ctx context.Context, self int, seen *int, report func()) bool {
	c.mu.Lock()
	more := c.ended > *seen
	*seen = c.ended
	if more || c.running-c.waiting-self <= 0 {
		c.mu.Unlock()
		return more
	}
	c.waiting += self
	if c.left == nil {
		c.left = make(chan struct{})
	}
	left, first := c.left, !c.reported
	c.reported = true
	c.mu.Unlock()
	if first {
		report()
	}
	timer := time.NewTimer(crowdPause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-left:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left == left {
		c.waiting -= self
	}
	*seen = c.ended
	return true
}

// MessageScarce is the message of the log record that a Client writes once, when an upload
// waits for the end of another one.
const MessageScarce = "uploads wait until another one ends"

// Enter makes the upload of r count as one that is under way, and reports whether it did not
// count before. Run enters an upload whose caller has not.
func (r *Retrier) Enter() bool {
	if r.running == 1 {
		return false
	}
	r.running, r.ended = 1, r.rules.Crowd.enter()
	return true
}

// Leave ends what Enter began. It does nothing if the upload does not count.
func (r *Retrier) Leave() {
	if r.running == 1 {
		r.running = 0
		r.rules.Crowd.leave()
	}
}

// waitedForOther waits, after a failure err because of a lack of resources, until another upload
// ends. It is false if there is none, or if ctx has ended.
func (r *Retrier) waitedForOther(ctx context.Context, err error) bool {
	waited := ctx.Err() == nil && r.rules.Crowd.wait(ctx, r.running, &r.ended, func() {
		r.rules.Log.LogAttrs(ctx, slog.LevelWarn, MessageScarce, slog.Any("err", err))
	})
	return waited && ctx.Err() == nil
}

// AfterScarce waits after a source could not be opened, because of the lack of resources err. If
// another upload is under way, the wait ends with it and is not counted; otherwise the policy
// decides. It returns why there is no retry.
func (r *Retrier) AfterScarce(ctx context.Context, err error) error {
	if r.waitedForOther(ctx, err) {
		return nil
	}
	r.failures.OnWait = func(_ retry.Attempt, wait time.Duration) {
		r.rules.Log.LogAttrs(ctx, slog.LevelWarn, "the upload waits for an open file", slog.Duration("wait", wait), slog.Any("err", err))
	}
	if err := r.failures.Wait(ctx, retryable{err}); err != nil {
		return err
	}
	r.retries++
	return nil
}
