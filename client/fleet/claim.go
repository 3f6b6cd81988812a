package fleet

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/tusker-go/tusker/client"
)

// Messages by which a worker answers to a claim. They are part of the protocol of NATS.
var (
	ackDone  = []byte("+ACK")
	ackRenew = []byte("+WPI")
)

// ackBack returns the message that gives an item back after a wait. It always names a wait: the
// engine keeps an item that is given back without one in memory only, so that the item would
// wait for the rest of its lease if the engine ends now.
func ackBack(wait time.Duration) []byte {
	return fmt.Appendf(nil, `-NAK {"delay": %d}`, max(1, wait.Nanoseconds()))
}

// claim is an item that a worker has. The lease of its message says only that the worker
// lives. The record keeps two workers from two uploads.
type claim struct {
	job     *Job
	message *nats.Msg
	queued  queued
	item    Item
	id      string

	sequence   uint64 // of the message
	deliveries int    // of the message, this one included
	arrived    time.Time

	// held ends when the lease is lost, with client.ErrLeaseLost as its cause, or when the
	// claim is released.
	held context.Context
	end  context.CancelCauseFunc

	invalid error // about the message; nil: it can be read
	record  recordState
	counted bool   // the note about the item has this delivery
	clear   func() // lets the worker begin another suspect
	orphans int    // creations without an answer

	mu      sync.Mutex
	renewed time.Time // when the last confirmed renewal was sent
	asked   time.Time // when the last renewal was sent
	attempt progress
}

// progress is that of the current attempt of a claim.
type progress struct {
	stop  context.CancelCauseFunc // nil: there is no attempt
	began time.Time
	first int64 // bytes that the server had when the attempt began
	sent  int64 // bytes that were sent, counted from the beginning of the file; 0: not known
}

// newClaim returns the claim of a message. It ends with the context of all leases. The error
// means that the message is not one of the queue.
func newClaim(leases context.Context, j *Job, msg *nats.Msg, now time.Time) (*claim, error) {
	meta, err := msg.Metadata()
	if err != nil {
		return nil, err
	}
	c := &claim{job: j, clear: func() {}, message: msg, arrived: now, renewed: now, asked: now, sequence: meta.Sequence.Stream, deliveries: int(meta.NumDelivered)}
	c.held, c.end = context.WithCancelCause(leases)
	c.queued, c.item, c.invalid = readMessage(msg.Data)
	c.id = c.item.ID(j.settings.Endpoint)
	return c, nil
}

// isFirst reports whether no worker has had the item before, as far as the message tells.
// Otherwise, the item may have a record and a failure.
func (c *claim) isFirst() bool {
	return c.deliveries == 1 && !c.queued.Look && c.queued.Retry == ""
}

// claimKey is the key of the claim in the context of its upload.
type claimKey struct{}

func (c *claim) within(ctx context.Context) context.Context {
	return context.WithValue(ctx, claimKey{}, c)
}

// claimOf returns the claim of an upload, or nil.
func claimOf(ctx context.Context) *claim {
	c, _ := ctx.Value(claimKey{}).(*claim)
	return c
}

// check loses the lease if it is due, and returns why the claim is no longer held. The times
// are those of this process only.
func (c *claim) check(now time.Time) error {
	if c.isDue(now) {
		c.lose()
	}
	if c.held.Err() != nil {
		return context.Cause(c.held)
	}
	return nil
}

// isDue reports whether two thirds of the lease have passed without a confirmed renewal.
func (c *claim) isDue(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return now.Sub(c.renewed) >= c.job.settings.Lease*2/3
}

func (c *claim) lose() {
	c.end(fmt.Errorf("%w: the engine has not confirmed it in time", client.ErrLeaseLost))
}

// isLost reports whether the lease was lost.
func (c *claim) isLost() bool { return c.held.Err() != nil }

// needsRenewal reports whether a third of the lease has passed, and notes that a renewal is
// sent.
func (c *claim) needsRenewal(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A renewal without an answer is repeated soon.
	if now.Sub(c.renewed) < c.job.settings.Lease/3 || now.Sub(c.asked) < c.job.settings.Lease/12 {
		return false
	}
	c.asked = now
	return true
}

// renew renews the lease, and waits for the confirmation for a while.
func (c *claim) renew(ctx context.Context) {
	sent := time.Now()
	ctx, cancel := context.WithTimeout(ctx, c.job.settings.Lease/3)
	defer cancel()
	if c.answer(ctx, ackRenew) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if sent.After(c.renewed) {
		c.renewed = sent
	}
}

// answer answers to the claim, and waits until the engine confirms that.
func (c *claim) answer(ctx context.Context, with []byte) error {
	_, err := c.job.conn.RequestWithContext(ctx, c.message.Reply, with)
	return engineError(err)
}

// settle answers to the claim until the engine confirms it or the lease is lost.
func (c *claim) settle(ctx context.Context, with []byte) error {
	return until(ctx, func(ctx context.Context) error {
		ctx, cancel := c.job.within(ctx)
		defer cancel()
		return c.answer(ctx, with)
	})
}

// start notes that an attempt begins, which stop ends. A nil stop: it has ended.
func (c *claim) start(stop context.CancelCauseFunc, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attempt = progress{stop: stop, began: now}
}

// stop ends the attempt.
func (c *claim) stop(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.attempt.stop != nil {
		c.attempt.stop(why)
	}
}

// noteProgress takes how many bytes of the file were sent.
func (c *claim) noteProgress(sent int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.attempt.sent == 0 {
		c.attempt.first = sent
	}
	c.attempt.sent = max(c.attempt.sent, sent)
}

// canEndWithin reports whether the upload will be complete within a time, as far as its rate
// tells.
func (c *claim) canEndWithin(left time.Duration, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.attempt.canEndWithin(c.item.Size, left, now)
}

func (p progress) canEndWithin(size int64, left time.Duration, now time.Time) bool {
	const measured = time.Second // a rate over less time tells nothing
	took, sent := now.Sub(p.began), p.sent-p.first
	if p.began.IsZero() || took < measured || sent <= 0 {
		return true
	}
	rest := float64(size-p.sent) / float64(sent) * float64(took)
	return rest <= float64(left)
}
