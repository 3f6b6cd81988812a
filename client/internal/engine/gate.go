package engine

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/client/internal/cause"
	"github.com/tusker-go/tusker/transport/hostcache"
)

// Gates holds, for each host that asked for fewer requests, until when the uploads and
// downloads of one Client send it none. The zero value has no closed gate. It is safe for
// concurrent use.
type Gates struct {
	closed hostcache.Cache[gate] // by origin
}

type gate struct {
	until  time.Time
	wait   time.Duration // until, when the gate was closed
	answer error         // of the host
}

// throttled is the answer of a host that asked for fewer requests, as an upload sees it
// that has to wait because of another one.
type throttled struct {
	answer error
	left   time.Duration
}

func (t *throttled) Error() string   { return failure.ErrThrottled.Error() + ": " + t.answer.Error() }
func (t *throttled) Unwrap() []error { return []error{failure.ErrThrottled, t.answer} }

// RetryAfter tells the policy how much longer the host wants no request.
func (t *throttled) RetryAfter() (time.Duration, bool) { return t.left, true }

// close closes the gate of a URL's host for wait, because of answer. A gate that is closed
// for longer stays as it is.
func (g *Gates) close(rawURL string, wait time.Duration, answer error) {
	if wait <= 0 {
		return
	}
	until := time.Now().Add(wait)
	g.closed.Update(address.HostOf(rawURL), func(old gate, found bool) (gate, bool) {
		if found && !old.until.Before(until) {
			return old, true
		}
		return gate{until, wait, answer}, true
	})
}

// left returns how long the gate of a URL's host stays closed, and why. It is nil if the
// gate is open. An open gate is removed.
func (g *Gates) left(rawURL string) *throttled {
	if g.closed.Len() == 0 {
		return nil
	}
	var left *throttled
	g.closed.Update(address.HostOf(rawURL), func(c gate, found bool) (gate, bool) {
		wait := time.Until(c.until)
		// The remaining time can exceed the original wait only if the clock was set back.
		if !found || wait <= 0 || wait > c.wait {
			return gate{}, false
		}
		left = &throttled{c.answer, wait}
		return c, true
	})
	return left
}

// spread waits up to a second, and up to a quarter of the wait before, so that uploads that
// were told the same wait do not come back together.
func spread(ctx context.Context, waited time.Duration) error {
	if apart := apart(waited); apart > 0 {
		return Pause(ctx, apart)
	}
	return nil
}

// apart returns a random time, up to a second and up to a quarter of wait.
func apart(wait time.Duration) time.Duration {
	if wait/4 <= 0 {
		return 0
	}
	return rand.N(min(wait/4, time.Second))
}

// Pause waits, or returns why ctx ended before.
func Pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return cause.Why(ctx)
	}
}
