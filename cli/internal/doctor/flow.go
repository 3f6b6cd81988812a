package doctor

import (
	"context"
	"errors"
	"time"

	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

const (
	flowBody = 512 << 10
	mostLost = 8 * mib // largest chunk if a cut loses all bytes of a request

	// slowLock is the duration of a lock that users notice.
	slowLock = 2 * time.Second

	// patience is the number of requests for the offset while the server holds a
	// lock after a cut.
	patience = 4
)

// flow checks requests that do not end: whether their bytes arrive while the
// request is open, and which bytes remain when it is cut.
func (e *examination) flow(ctx context.Context) {
	body := min(flowBody, e.body, e.left()/2)
	if body < 2 {
		return
	}
	start := e.offset
	// Some servers end an open request when a HEAD arrives. Such a request leaves
	// no lock, so the cut is tested with another request.
	shown, busy, err := e.openRequest(ctx, body)
	if err != nil {
		e.fail("flow", "", err)
		return
	}
	before, lock, err := e.cutRequest(ctx, body)
	if err != nil {
		e.fail("resume", "", err)
		return
	}
	kept := e.offset - before
	chunk := units.Size(min(mostLost, e.body))
	lost := "--chunk-size " + chunk.String() + ", so that a cut costs no more than that"
	switch {
	case shown > start:
		e.ok("buffering", "", "bytes reach the server while a request is open")
	case kept > 0 && busy:
		e.ok("buffering", "", "the server says nothing of a request that is open, and keeps what came of it")
	case kept > 0 || before > start:
		e.ok("buffering", "", "bytes reach the server, which shows them when the request has ended")
	default:
		e.warn("buffering", lost,
			"nothing arrives of a request that is open: a proxy keeps bodies back until they are whole, or the server does")
	}
	switch {
	case kept < 0:
		e.fail("resume", "", errors.New("the server went back behind what it had"))
		return
	case kept == 0:
		e.warn("resume", lost, "after a cut the server is where it was before that request, and can be gone on with")
	default:
		e.ok("resume", "", "after a cut the server has %s of %s that were sent", size(kept), size(body/2))
	}
	if lock > slowLock {
		e.warn("lock", "--stall-timeout well above that", "after a cut the upload is held for %v", rounded(lock))
		return
	}
	e.ok("lock", "", "after a cut the server answers in %v", rounded(lock))
}

// openRequest asks for the offset while half of a body is on its way. Busy means
// that the server does not answer because of the lock.
func (e *examination) openRequest(ctx context.Context, body int64) (shown int64, busy bool, err error) {
	start := e.offset
	p := e.begin(ctx, body)
	defer p.cut()
	if err := p.halfway(ctx, e); err != nil {
		return 0, false, err
	}
	err = e.head(ctx)
	if err == nil {
		return e.offset, false, nil
	}
	// tusd answers 500 after it has waited for the lock, and the answer to a HEAD
	// has no body with the reason. A 500 of a broken server is found by the
	// requests that follow.
	exchange, ok := errors.AsType[*client.Error](err)
	if ok && exchange.StatusCode != 0 && exchange.Class != client.ClassLocked && exchange.Class != client.ClassTransient {
		return 0, false, err
	}
	e.offset = start
	return start, true, ctx.Err()
}

// cutRequest cuts the connection in the middle of a body, and asks for the offset
// until the server answers. Lock is the time until then.
func (e *examination) cutRequest(ctx context.Context, body int64) (before int64, lock time.Duration, err error) {
	// Bytes of the request before may arrive late.
	if _, err := e.unlocked(ctx); err != nil {
		return 0, 0, err
	}
	before = e.offset
	p := e.begin(ctx, body)
	err = p.halfway(ctx, e)
	p.cut()
	if err != nil {
		return before, 0, err
	}
	lock, err = e.unlocked(ctx)
	return before, lock, err
}

// unlocked asks for the offset until there is an answer, and returns the time until
// then.
func (e *examination) unlocked(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	for tries := 1; ; tries++ {
		err := e.head(ctx)
		exchange, ok := errors.AsType[*client.Error](err)
		if err == nil || !ok || !exchange.Retryable() || tries == patience || ctx.Err() != nil {
			return time.Since(began), err
		}
		if !sleep(ctx, e.Settle<<tries) {
			return time.Since(began), err
		}
	}
}

// pending is a PATCH that waits for the second half of its body.
type pending struct {
	gate *gate
	stop context.CancelFunc
	done chan struct{} // closed with err set
	err  error
	e    *examination
}

func (e *examination) begin(ctx context.Context, body int64) *pending {
	ctx, stop := context.WithTimeout(ctx, bodyLimits*e.Limit)
	p := &pending{gate: newGate(body), stop: stop, done: make(chan struct{}), e: e}
	offset, url := e.offset, e.url
	go func() {
		defer close(p.done)
		_, p.err = e.c.Patch(ctx, url, protocol.Patch{Offset: offset}, p.gate, body, nil)
	}()
	return p
}

// halfway waits until the first half was sent, and gives it time to arrive.
func (p *pending) halfway(ctx context.Context, e *examination) error {
	limit := time.NewTimer(e.Limit)
	defer limit.Stop()
	_, answer := e.tap.seen()
	select {
	case <-p.gate.reached:
	case <-limit.C: // the bytes are held up: continue without them
	case <-p.done:
		if p.err == nil {
			return errors.New("patch: an answer came before the end of the body")
		}
		return p.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if !sleep(ctx, max(e.Settle, 4*answer.took)) {
		return context.Cause(ctx)
	}
	return nil
}

// cut ends the request, and with HTTP/1.1 its connection, too.
func (p *pending) cut() {
	p.stop()
	close(p.gate.shut)
	<-p.done
	p.e.sent += p.gate.read()
}

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
