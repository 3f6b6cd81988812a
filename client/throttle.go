package client

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/hostcache"
)

// ErrThrottled means that the host asked another upload or download of the same
// Client for fewer requests. It is the reason in an [EventWaiting], together with
// the answer that the other one got.
var ErrThrottled = errors.New("host asked for fewer requests")

// throttled is the answer of a host that asked for fewer requests, as an upload
// sees it that has to wait because of another one.
type throttled struct {
	answer error
	left   time.Duration
}

func (t *throttled) Error() string   { return ErrThrottled.Error() + ": " + t.answer.Error() }
func (t *throttled) Unwrap() []error { return []error{ErrThrottled, t.answer} }

// RetryAfter tells the policy how much longer the host wants no request.
func (t *throttled) RetryAfter() (time.Duration, bool) { return t.left, true }

// gates holds, for each host that asked for fewer requests, until when the uploads
// and downloads of one Client send it none. The zero value is ready. It is safe for
// concurrent use.
type gates struct {
	closed hostcache.Cache[closedGate] // by origin
}

type closedGate struct {
	until  time.Time
	wait   time.Duration // until, when the gate was closed
	answer error         // of the host
}

// close closes the gate of a URL's host for wait, because of answer. A gate that is
// closed for longer stays as it is.
func (g *gates) close(rawURL string, wait time.Duration, answer error) {
	if wait <= 0 {
		return
	}
	until := time.Now().Add(wait)
	g.closed.Update(hostOf(rawURL), func(old closedGate, found bool) (closedGate, bool) {
		if found && !old.until.Before(until) {
			return old, true
		}
		return closedGate{until, wait, answer}, true
	})
}

// left returns how long the gate of a URL's host stays closed, and why. The error
// is nil if the gate is open. An open gate is removed.
func (g *gates) left(rawURL string) *throttled {
	if g.closed.Len() == 0 {
		return nil
	}
	var left *throttled
	g.closed.Update(hostOf(rawURL), func(gate closedGate, found bool) (closedGate, bool) {
		wait := time.Until(gate.until)
		// More time than in the beginning is left only if the clock went back.
		if !found || wait <= 0 || wait > gate.wait {
			return closedGate{}, false
		}
		left = &throttled{gate.answer, wait}
		return gate, true
	})
	return left
}

// hold waits before a request to url while the gate of its host is closed. It waits
// no longer than the policy allows for one wait, and not at all if the policy allows
// no retry. Uploads that wait for the same gate continue one after the other within
// a second, not all at once.
func (t *transfer) hold(ctx context.Context, url string) error {
	waited := time.Duration(0)
	for {
		reason := t.c.gates.left(url)
		if reason == nil {
			return nil
		}
		reason.left += waited + apart(reason.left)
		most, ok := t.loop.Peek(reason)
		wait := min(reason.left, most) - waited
		if !ok || wait <= 0 {
			return nil
		}
		t.waiting(ctx, url, reason, wait)
		if err := pause(ctx, wait); err != nil {
			return err
		}
		waited += wait
	}
}

// waiting reports a wait before it begins.
func (t *transfer) waiting(ctx context.Context, url string, reason error, wait time.Duration) {
	t.c.log.LogAttrs(ctx, slog.LevelInfo, "waiting", slog.String("url", redact(url)),
		slog.Int64("offset", t.offset), slog.Duration("wait", wait), slog.Any("err", reason))
	t.events.update(EventWaiting, func(ev *Event) { ev.Wait, ev.Err = wait, reason })
}

// spread waits up to a second, and up to a quarter of the wait before.
func spread(ctx context.Context, waited time.Duration) error {
	if apart := apart(waited); apart > 0 {
		return pause(ctx, apart)
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

func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}

// hostOf returns scheme, host and port of a URL, "" if it is malformed.
func hostOf(rawURL string) string {
	u, err := url.Parse(transport.EscapeURL(rawURL))
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port(u)
}
