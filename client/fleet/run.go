package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

const (
	defaultSlots    = 4
	defaultDrain    = 30 * time.Second
	defaultAttempt  = 4 // requests in a row without progress
	shortItem       = 50 * time.Millisecond
	maxWaitInWorker = 500 * time.Millisecond
	forceAfter      = time.Second             // after the end of Drain
	lastAnswers     = 1200 * time.Millisecond // after the end of Drain, for an engine that is moving to answer
	leaveTime       = 300 * time.Millisecond  // for the last messages to the engine
)

// run is one call of Work. One goroutine decides which items begin; see loop.
type run struct {
	*Job
	worker  Worker
	client  *client.Client
	gates   *gates
	pulse   *pulse
	puller  *puller
	uploads context.Context // of all uploads; ends when the time to drain is over
	cancel  context.CancelCauseFunc
	leases  context.Context // of all claims; ends when the worker leaves
	release context.CancelCauseFunc

	waiting  []*claim            // have no slot yet
	busy     map[*claim]struct{} // have a slot
	finished chan *claim
	crowded  bool           // an item waited too long since the last one was finished
	suspect  chan struct{}  // has a value while the worker has a suspect
	answers  sync.WaitGroup // goroutines that answer to claims
	phase    phase
	over     time.Time // when the time to drain ends; the zero value: the worker has not begun to drain
	failed   error     // why the worker ends; nil: its context has ended, or nothing is left

	telling sync.Mutex
	silent  bool // OnEvent is not called any more
}

// phase is a phase of a worker.
type phase uint8

const (
	working   phase = iota
	draining        // no further items
	returning       // the uploads were canceled
	leaving         // the leases were given up
)

func (j *Job) work(ctx context.Context, w Worker) error {
	r, err := j.newRun(ctx, w)
	if err != nil {
		return fmt.Errorf("work on job %s: %w", j.name, err)
	}
	defer r.close()
	if err := r.work(ctx); err != nil {
		return fmt.Errorf("work on job %s: %w", j.name, err)
	}
	return nil
}

// newRun checks the description of a worker, and makes its client.
func (j *Job) newRun(ctx context.Context, w Worker) (*run, error) {
	switch {
	case w.Open == nil:
		return nil, fmt.Errorf("%w: Worker.Open is nil", ErrInvalid)
	case w.Slots < 0:
		return nil, fmt.Errorf("%w: %d slots", ErrInvalid, w.Slots)
	case w.Client.Endpoint != "" && plainEndpoint(w.Client.Endpoint) != j.settings.Endpoint:
		return nil, fmt.Errorf("%w: %s", ErrOtherEndpoint, j.settings.Endpoint)
	}
	w.Slots, w.Drain = cmp.Or(w.Slots, defaultSlots), max(0, cmp.Or(w.Drain, defaultDrain))
	if w.ID == "" {
		host, _ := os.Hostname()
		w.ID = fmt.Sprintf("%s-%d-%s", host, os.Getpid(), nuid.Next()[16:])
	}
	if err := j.checkRoots(ctx, w.Roots); err != nil {
		return nil, err
	}
	r := &run{
		Job: j, worker: w, busy: make(map[*claim]struct{}), finished: make(chan *claim, w.Slots), suspect: make(chan struct{}, 1),
	}
	// The uploads continue for a while after the end of ctx.
	r.uploads, r.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	r.leases, r.release = context.WithCancelCause(context.WithoutCancel(ctx))
	r.gates = newGates(j, w.ID, r.tell)
	r.pulse = newPulse(r)
	if err := r.pulse.beat(ctx); err != nil {
		return nil, err
	}
	var err error
	r.client, err = client.New(r.clientConfig())
	return r, err
}

// clientConfig returns the configuration of the uploads.
func (r *run) clientConfig() client.Config {
	cfg := r.worker.Client
	cfg.Endpoint = cmp.Or(cfg.Endpoint, r.settings.Endpoint)
	cfg.Store, cfg.Ledger, cfg.Once = claimStore{}, claimStore{}, true
	// A record of another account would not be used. The ledger is empty.
	cfg.Account, cfg.Recreate, cfg.TrustLedger, cfg.LedgerHeaders = "", client.RecreateGone, false, nil
	if cfg.Retry == nil {
		cfg.Retry = retry.Backoff{MaxAttempts: defaultAttempt}
	}
	if cfg.AskAfterCancel == 0 {
		cfg.AskAfterCancel = -1 // the next worker asks the server
	}
	if cfg.Doer == nil {
		cfg.Doer = nethttp.New(nethttp.Config{})
	}
	cfg.Doer = transport.Doer(&fleetDoer{next: cfg.Doer, gates: r.gates})
	r.pulse.limit(&cfg)
	return cfg
}

// close releases what the run has.
func (r *run) close() {
	r.cancel(nil)
	r.release(nil)
	r.telling.Lock()
	r.silent = true
	r.telling.Unlock()
	r.client.CloseIdleConnections()
}

// tell calls OnEvent.
func (r *run) tell(ev Event) {
	if r.worker.OnEvent == nil {
		return
	}
	r.telling.Lock()
	defer r.telling.Unlock()
	if !r.silent {
		r.worker.OnEvent(ev)
	}
}

// work subscribes to the engine, works until the end, and says goodbye.
func (r *run) work(ctx context.Context) error {
	gates, err := r.gates.subscribe()
	if err != nil {
		return engineError(err)
	}
	defer func() { _ = gates.Unsubscribe() }()
	if r.puller, err = newPuller(r.Job); err != nil {
		return err
	}
	defer r.puller.close()
	changes := r.conn.StatusChanged(nats.CONNECTED, nats.RECONNECTING, nats.DISCONNECTED)
	defer r.conn.RemoveStatusListener(changes)

	beating, stop := context.WithCancel(context.WithoutCancel(ctx))
	var pulse sync.WaitGroup
	gone := make(chan error, 1)
	pulse.Go(func() { gone <- r.pulse.beatUntil(beating) })
	r.loop(ctx, changes, gone)
	stop()
	pulse.Wait()
	r.giveBackArrived()
	end := time.Now()
	if r.over.After(end) {
		end = r.over
	}
	late := time.AfterFunc(time.Until(end)+lastAnswers, r.leave)
	r.answers.Wait()
	late.Stop()
	r.pulse.leave() //nolint:contextcheck // ctx has ended
	return r.failed
}

// loop begins items in free slots, renews leases, and drains when ctx ends.
func (r *run) loop(ctx context.Context, changes <-chan nats.Status, gone <-chan error) {
	tick := time.NewTicker(min(time.Second/4, r.settings.Lease/24))
	defer tick.Stop()
	ended, hurried := ctx.Done(), r.worker.Hurry
	deadline := time.NewTimer(time.Hour)
	deadline.Stop()
	defer deadline.Stop()
	var left leftCheck
	for {
		r.begin() //nolint:contextcheck // an upload outlives ctx
		if r.phase != working && len(r.busy) == 0 {
			r.giveBackWaiting(time.Now())
			return
		}
		if r.worker.UntilDone && r.phase == working && len(r.busy) == 0 {
			left.check(r, time.Now()) //nolint:contextcheck // ctx ends the loop
		}
		select {
		case msg := <-r.puller.messages:
			r.take(msg)
			left.reset()
		case c := <-r.finished:
			delete(r.busy, c)
			r.crowded = false
			left.reset()
		case now := <-tick.C:
			r.renew(now)
			r.giveBackWaiting(now)
		case none := <-left.answer():
			if left.take(none) && r.phase == working {
				r.phase = draining
				r.puller.stop()
			}
		case status := <-changes:
			r.engineChanged(status)
		case err := <-gone:
			gone = nil
			if err != nil {
				r.fail(err)
				deadline.Reset(0)
			}
		case <-ended:
			ended = nil
			if r.phase == working {
				r.drain()
				deadline.Reset(r.worker.Drain)
			}
		case <-hurried:
			hurried = nil
			if r.phase == working {
				r.drain()
			}
			r.over = time.Now()
			deadline.Reset(0)
		case <-deadline.C:
			r.hurry()
			deadline.Reset(forceAfter)
		}
	}
}

// begin begins items that wait in free slots, and asks for further ones.
func (r *run) begin() {
	for len(r.waiting) > 0 && len(r.busy) < r.worker.Slots && r.phase == working {
		c := r.waiting[0]
		r.waiting = slices.Delete(r.waiting, 0, 1)
		r.busy[c] = struct{}{}
		r.pulse.setBusy(len(r.busy))
		go func() {
			began := time.Now()
			r.process(c)
			c.end(nil)
			r.pulse.took(time.Since(began))
			r.finished <- c
		}()
	}
	r.pulse.setBusy(len(r.busy))
	now := time.Now()
	if r.phase != working || !r.pulse.mayBegin(now) {
		return
	}
	most := r.worker.Slots
	if r.pulse.typical() < shortItem && !r.crowded {
		most *= 2 // short items must not wait for the engine
	}
	r.puller.ask(most-len(r.busy)-len(r.waiting), r.worker.Slots, now)
}

// take takes a message from the engine.
func (r *run) take(msg *nats.Msg) {
	now := time.Now()
	if !r.puller.take(msg, now) {
		return
	}
	c, err := newClaim(r.leases, r.Job, msg, now)
	switch {
	case err != nil:
		return
	case r.phase != working:
		r.giveBack(c)
	default:
		r.waiting = append(r.waiting, c)
	}
}

// renew renews the leases that need it, and loses those that could not be renewed in time.
func (r *run) renew(now time.Time) {
	each := func(c *claim) {
		if c.check(now) == nil && c.needsRenewal(now) {
			r.answers.Go(func() { c.renew(c.held) })
		}
	}
	for c := range r.busy {
		each(c)
	}
	for _, c := range r.waiting {
		each(c)
	}
}

// giveBackWaiting gives items back that wait for a slot for too long.
func (r *run) giveBackWaiting(now time.Time) {
	r.waiting = slices.DeleteFunc(r.waiting, func(c *claim) bool {
		late := now.Sub(c.arrived) > min(maxWaitInWorker, r.settings.Lease/6) || r.phase != working
		if late {
			r.crowded = true
			r.giveBack(c)
		}
		return late
	})
}

// giveBack gives back an item that was not begun.
func (r *run) giveBack(c *claim) {
	r.answers.Go(func() {
		defer c.end(nil)
		_ = c.settle(c.held, ackBack(0))
	})
}

// giveBackArrived gives back the items that came after the loop.
func (r *run) giveBackArrived() {
	r.puller.stop()
	_ = r.conn.FlushTimeout(leaveTime) // the engine has sent what it will send
	for {
		select {
		case msg := <-r.puller.messages:
			r.take(msg)
		default:
			return
		}
	}
}

// drain begins to drain.
func (r *run) drain() {
	r.phase = draining
	r.puller.stop()
	r.pulse.setDraining()
	r.tell(Event{Kind: EventDraining, Wait: r.worker.Drain})
	now := time.Now()
	r.over = now.Add(r.worker.Drain)
	r.giveBackWaiting(now)
	for c := range r.busy {
		if !c.canEndWithin(r.worker.Drain, now) {
			c.stop(errDraining)
		}
	}
}

// hurry goes on to the next phase of draining.
func (r *run) hurry() {
	if r.phase < returning {
		r.phase = returning
		r.cancel(errDraining)
		return
	}
	r.phase = leaving
	r.leave()
}

// leave gives up all leases, so that nothing waits for the engine any more.
func (r *run) leave() { r.release(fmt.Errorf("%w: the worker ends", client.ErrLeaseLost)) }

// fail ends the worker because of an error.
func (r *run) fail(err error) {
	if r.failed == nil {
		r.failed = err
	}
	if r.phase == working {
		r.phase = draining
		r.puller.stop()
	}
}

// engineChanged takes a change of the connection to the engine.
func (r *run) engineChanged(status nats.Status) {
	if status == nats.CONNECTED {
		r.puller.forget()
		r.tell(Event{Kind: EventEngine})
		return
	}
	r.tell(Event{Kind: EventEngine, Err: errors.Join(ErrEngineUnreachable, r.conn.LastError())})
}
