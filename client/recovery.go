package client

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// maxDamaged is how often bytes that arrived damaged are sent again.
const maxDamaged = 3

// recovery is what a transfer remembers of its failures since the last
// progress.
type recovery struct {
	loop     retry.Loop // all but the following
	lock     retry.Loop // while another request holds the upload
	damaged  int        // times that bytes arrived damaged
	conflict int64      // offset that the server refused, or -1
	renewed  bool       // new credentials were asked for
	astray   bool       // what a redirect had led to refused a request
}

func newRecovery(policy, locked retry.Policy) recovery {
	return recovery{loop: retry.Loop{Policy: policy}, lock: retry.Loop{Policy: locked}, conflict: -1}
}

// progress forgets the failures.
func (r *recovery) progress() {
	r.loop.Progress()
	r.unlock()
	r.damaged, r.conflict, r.renewed, r.astray = 0, -1, false, false
}

// unlock gives the lock its whole budget again.
func (r *recovery) unlock() { r.lock = retry.Loop{Policy: r.lock.Policy} }

// until repeats an exchange that changes nothing on the server until it has an
// answer.
func (t *transfer) until(ctx context.Context, url string, exchange func(context.Context) (*Reply, error)) (*Reply, error) {
	for {
		err := t.hold(ctx, url)
		if err == nil {
			var reply *Reply
			if reply, err = exchange(ctx); err == nil {
				return reply, nil
			}
		}
		if err := t.retry(ctx, url, err); err != nil {
			return nil, err
		}
	}
}

// retry waits as the class of the failure and its policy say, or returns why
// there is no further try.
func (t *transfer) retry(ctx context.Context, url string, err error) error {
	// What does not come from an exchange, such as the source, fails for good.
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	loop := &t.loop
	switch class := t.resync(e.Class()); {
	case !t.mayRetry(err):
	case class == ClassLocked:
		loop = &t.lock
	case class == ClassIntegrity:
		if t.damaged++; t.damaged > maxDamaged {
			return err
		}
	case class == ClassAuth && e.renewable && !t.renewed:
		t.renewed = true
		return t.atOnce(ctx, url, e)
	case class == ClassProxyLimit && e.Op == protocol.OpPatch && t.c.limits.halve(t.url, t.piece, t.c.rule):
		return t.atOnce(ctx, url, e)
	}
	if loop != &t.lock {
		t.unlock() // a request that broke may have left a lock of its own
	}
	told := time.Duration(0)
	loop.OnWait = func(a retry.Attempt, wait time.Duration) {
		if e.Class() == ClassThrottled {
			t.c.gates.close(url, wait, e)
			if e.After > 0 {
				told = wait
			}
		}
		t.retrying(ctx, url, e, a.Number, wait)
	}
	if err := loop.Wait(ctx, err); err != nil {
		if e.Class() == ClassThrottled && t.mayRetry(err) {
			// The other uploads of the Client need not ask in vain.
			t.c.gates.close(url, min(e.After, retry.DefaultMax), e)
		}
		return err
	}
	t.result.Retries++
	// Those that were told the same wait must not come back together.
	return spread(ctx, told)
}

// resync tells the first refusal of an offset, which may be an older request's,
// from that of an offset which the server has confirmed since: then it is busy.
func (t *transfer) resync(class Class) Class {
	if class != ClassResync {
		return class
	}
	if t.conflict == t.offset {
		return ClassLocked
	}
	t.conflict = t.offset
	t.loop.Moved() // asking again needs no wait
	return class
}

// mayRetry asks the policy whether it allows any second try. What the error's
// class means is not for the policy to say.
func (t *transfer) mayRetry(err error) bool {
	_, ok := t.loop.Policy.Next(retry.Attempt{Number: 1, Err: mendable{err}})
	return ok
}

// mendable is worth a retry, whatever the class of its error, unless that was
// marked as permanent.
type mendable struct{ error }

func (m mendable) Unwrap() error { return m.error }
func (mendable) Retryable() bool { return true }

// atOnce is for failures that something was changed about.
func (t *transfer) atOnce(ctx context.Context, url string, e *Error) error {
	if ctx.Err() != nil {
		return t.loop.Wait(ctx, e)
	}
	t.retrying(ctx, url, e, 1, 0)
	t.result.Retries++
	return nil
}

// retrying tells of a retry before it is waited for.
func (t *transfer) retrying(ctx context.Context, url string, e *Error, attempt int, wait time.Duration) {
	t.c.log.LogAttrs(ctx, slog.LevelWarn, "retrying",
		slog.String("op", string(e.Op)), slog.String("url", redact(url)), slog.Int64("offset", t.offset),
		slog.Int("attempt", attempt), slog.Duration("wait", wait), slog.Any("err", e))
	t.events.update(EventRetry, func(ev *Event) {
		ev.Attempt, ev.Wait, ev.Err, ev.Sent = attempt, wait, e, ev.Offset
	})
}
