package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/cause"
	"github.com/tusker-go/tusker/retry"
)

// Retrier carries out what decide says, and counts failures since the last progress.
// It belongs to one goroutine.
type Retrier struct {
	rules    *Rules
	policy   retry.Policy
	reporter Reporter // of Retry and Waiting

	failures retry.Loop // all but those of locks
	locked   retry.Loop // while another request holds the upload
	memory   memory
	retries  int
	running  int // 1 while its upload counts as one that is under way
	ended    int // uploads of the Client that had ended at the last look

	shrunk int64 // the most bytes of a request, until the Retry that says so; 0: unchanged
}

// NewRetrier returns a Retrier under the policy; nil means that of the rules. The reporter
// sends each Retry and Waiting. It may be nil if the Retrier is passed to Run or to a Query,
// which are reporters of their own.
func NewRetrier(rules *Rules, policy retry.Policy, reporter Reporter) *Retrier {
	if policy == nil {
		policy = rules.Retry
	}
	r := &Retrier{rules: rules, policy: policy, reporter: reporter}
	r.failures.Policy, r.locked.Policy = policy, rules.Locked
	r.failures.Start()
	return r
}

// Restart forgets the failures, before work that has its own count.
func (r *Retrier) Restart() {
	r.failures.Start()
	r.unlock()
	r.memory = memory{}
}

// Progress forgets the failures.
func (r *Retrier) Progress() {
	r.failures.Progress()
	r.unlock()
	r.memory = memory{}
}

// unlock gives waits for a lock their complete budget again.
func (r *Retrier) unlock() { r.locked = retry.Loop{Policy: r.rules.Locked} }

// Hold waits before a request to url while the gate of its host is closed. It waits no
// longer than the policy allows for one wait, and not at all if the policy allows no retry.
// Uploads that wait for the same gate continue one after the other within a second.
func (r *Retrier) Hold(ctx context.Context, url string) error {
	waited := time.Duration(0)
	for {
		reason := r.rules.Gates.left(url)
		if reason == nil {
			return nil
		}
		reason.left += waited + apart(reason.left)
		most, ok := r.failures.Peek(reason)
		wait := min(reason.left, most) - waited
		if !ok || wait <= 0 {
			return nil
		}
		ev := r.reporter.Event(Waiting)
		ev.Target, ev.Wait, ev.Err = url, wait, reason
		_ = r.reporter.Report(ctx, ev)
		if err := Pause(ctx, wait); err != nil {
			return err
		}
		waited += wait
	}
}

// After waits as the failure err of an exchange with url demands, or returns why there
// is no retry.
func (r *Retrier) After(ctx context.Context, url string, err error) error {
	return r.after(ctx, url, err, position{}, 0)
}

// Retries returns how often an exchange was repeated.
func (r *Retrier) Retries() int { return r.retries }

// after waits as the failure err of a request to url demands, or returns why there is
// no retry. Piece is the length of the body that failed.
func (r *Retrier) after(ctx context.Context, url string, err error, at position, piece int64) error {
	// An error that does not come from an exchange, such as one of the source, is final.
	e, ok := errors.AsType[*failure.Error](err)
	if !ok {
		return err
	}
	limit, mayShrink := halved(piece, r.rules.Limits)
	// A body that the end of the context cut says nothing about its size.
	r.memory.MayRetry, r.memory.MayShrink = r.mayRetry(err), mayShrink && ctx.Err() == nil
	var what remedy
	what, r.memory = decide(e, at, r.memory)
	switch what {
	case fail:
		return err
	case failMisplaced:
		return fmt.Errorf("%w: %w", failure.ErrMisplaced, err)
	case failUncertain:
		return Uncertain(e)
	case failRefused:
		return at.Denial.Refusal(at.URL)
	case waitForLock:
		return r.wait(ctx, &r.locked, url, e, err)
	case waitForOther:
		if r.waitedForOther(ctx, err) {
			return nil
		}
		err = retryable{err}
	case renewCredentials:
		return r.atOnce(ctx, url, e)
	case askForNew:
		return r.soon(ctx, url, e, newWaits[r.memory.Unknown-1])
	case askAtOnce:
		return r.atOnce(ctx, url, e)
	case askSettled:
		return r.soon(ctx, url, e, settleTime)
	case shrinkChunk:
		r.shrink(at.URL, limit)
		return r.atOnce(ctx, url, e)
	case shrinkDropped:
		if smaller, ok := halved(afterDrop(piece, at.Sent), r.rules.Limits); ok {
			limit = smaller
		}
		r.shrink(at.URL, limit)
		r.unlock()
		return r.atOnce(ctx, url, e)
	case retrySoon:
		r.failures.Moved() // the first wait after bytes moved is short
	case retryAnyway:
		err = retryable{err}
	case retryAsClass, resend:
	}
	r.unlock() // the failed request may still hold the lock
	return r.wait(ctx, &r.failures, url, e, err)
}

// Uncertain returns e as failure.ErrUncertain: the upload is gone, and may be complete.
func Uncertain(e *failure.Error) error {
	doubt := *e
	doubt.Err = fmt.Errorf("%w: %w", failure.ErrUncertain, e.Err)
	return &doubt
}

// wait counts the failure and waits as the policy of loop says.
func (r *Retrier) wait(ctx context.Context, loop *retry.Loop, url string, e *failure.Error, err error) error {
	told := time.Duration(0)
	loop.OnWait = func(a retry.Attempt, wait time.Duration) {
		if e.Class == failure.ClassThrottled {
			r.rules.Gates.close(url, wait, e)
			if _, ok := e.RetryAfter(); ok {
				told = wait
			}
		}
		r.retrying(ctx, url, e, a.Number, wait)
	}
	if err := loop.Wait(ctx, err); err != nil {
		if e.Class == failure.ClassThrottled && r.memory.MayRetry {
			// Other uploads of the Client wait instead of making requests that would fail.
			after, _ := e.RetryAfter()
			r.rules.Gates.close(url, min(after, retry.DefaultMax), e)
		}
		return err
	}
	r.retries++
	return spread(ctx, told)
}

// newWaits are the waits before a server is asked again for an upload that it has just
// created and does not know. The nodes of a server may need a second to see each other's
// uploads.
var newWaits = [...]time.Duration{250 * time.Millisecond, 750 * time.Millisecond, 2 * time.Second}

// settleTime is how long a server has to keep the bytes of a broken connection before it is
// asked how much it has. It is the wait of retry.Backoff after bytes moved.
const settleTime = 20 * time.Millisecond

// atOnce retries without a wait, because something about the request has changed.
func (r *Retrier) atOnce(ctx context.Context, url string, e *failure.Error) error {
	return r.soon(ctx, url, e, 0)
}

// soon retries after a wait that the policy does not count.
func (r *Retrier) soon(ctx context.Context, url string, e *failure.Error, wait time.Duration) error {
	if ctx.Err() != nil {
		return r.failures.Wait(ctx, e)
	}
	r.retrying(ctx, url, e, 1, wait)
	r.retries++
	return Pause(ctx, wait)
}

// shrink makes limit the most bytes of a request to the host of a URL.
func (r *Retrier) shrink(url string, limit int64) {
	r.rules.Bodies.lower(url, limit)
	r.shrunk, _ = r.rules.Bodies.Of(url)
}

// retrying sends a Retry event before the wait.
func (r *Retrier) retrying(ctx context.Context, url string, e *failure.Error, attempt int, wait time.Duration) {
	ev := r.reporter.Event(Retry)
	ev.Op, ev.Target, ev.Attempt, ev.Wait, ev.Err, ev.Sent = e.Op, url, attempt, wait, e, ev.Offset
	ev.BodyLimit, r.shrunk = r.shrunk, 0
	_ = r.reporter.Report(ctx, ev)
}

// mayRetry reports whether the policy allows any retry of err. The class of err does not
// count, because the engine has decided about it already.
func (r *Retrier) mayRetry(err error) bool {
	_, ok := r.policy.Next(retry.Attempt{Number: 1, Err: retryable{err}})
	return ok
}

// retryable is an error that may be retried although its class is permanent. An error that
// was marked as permanent is not.
type retryable struct{ error }

func (e retryable) Unwrap() error { return e.error }
func (retryable) Retryable() bool { return true }

// Query is an exchange that changes nothing on the server, such as a question about its
// features.
type Query struct {
	Rules   *Rules
	Policy  retry.Policy // nil: that of the Rules
	Retrier *Retrier     // counts the failures, with those before; nil: they have their own count
	URL     string       // where the requests go, for logs and gates
	Tell    Listener     // gets each Retry and Waiting; nil: there is no listener
	At      Event        // what is known of the upload that the question is about
}

// Event implements [Reporter].
func (q Query) Event(kind Kind) Event {
	ev := q.At
	ev.Kind = kind
	return ev
}

// Report implements [Reporter].
func (q Query) Report(ctx context.Context, ev Event) error {
	return Report(ctx, q.Rules.Log, q.Tell, ev)
}

// Repeat does the exchange until it has an answer or its failure is final. It returns
// how often it was repeated.
func (q Query) Repeat(ctx context.Context, exchange func(context.Context) error) (retries int, err error) {
	if ctx.Err() != nil {
		return 0, cause.Why(ctx)
	}
	r := q.Retrier
	if r == nil {
		r = NewRetrier(q.Rules, q.Policy, nil)
	}
	before := r.retries
	r.reporter = q
	for {
		err := r.Hold(ctx, q.URL)
		if err == nil {
			if err = exchange(ctx); err == nil {
				return r.retries - before, nil
			}
		}
		if err := r.After(ctx, q.URL, err); err != nil {
			return r.retries - before, err
		}
	}
}
