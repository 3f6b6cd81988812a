package doctor

import (
	"context"
	"errors"
	"sync"
	"time"

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
// It returns false if a check failed.
func (e *examination) flow(ctx context.Context) bool {
	body := min(flowBody, e.body, e.left()/2)
	if body < 2 {
		return true
	}
	start := e.offset
	// Some servers end an open request when a HEAD arrives. Such a request leaves
	// no lock, so the cut is tested with another request.
	shown, busy, err := e.openRequest(ctx, body)
	if err != nil {
		return e.interrupted("flow", err)
	}
	before, lock, err := e.cutRequest(ctx, body)
	if err != nil {
		return e.interrupted("resume", err)
	}
	kept := e.offset - before
	lost := func() string {
		return e.chunkFlag(min(mostLost, e.body)) + " limits how many bytes a cut can lose"
	}
	switch {
	case shown > start:
		e.ok("buffering", "", "bytes reach the server while a request is open")
	case kept > 0 && busy:
		e.ok("buffering", "", "the server does not answer while a request is open, but keeps the bytes that arrived")
	case kept > 0 || before > start:
		e.ok("buffering", "", "bytes reach the server, which reports them when the request has ended")
	default:
		e.warn("buffering", lost(),
			"no byte arrives while a request is open: a proxy or the server keeps the body back until it is complete")
	}
	switch {
	case kept < 0:
		e.fail("resume", "", errors.New("the server has fewer bytes than it acknowledged"))
		return false
	case kept == 0:
		e.warn("resume", lost(), "a cut loses all bytes of its request; the upload can be resumed")
	default:
		e.ok("resume", "", "after a cut the server has %s of %s that were sent", size(kept), size(body/2))
	}
	if lock > slowLock {
		e.warn("lock", "use a --stall-timeout that is clearly longer", "after a cut the upload is held for %v", rounded(lock))
		return true
	}
	e.ok("lock", "", "after a cut the server answers in %v", rounded(lock))
	return true
}

// interrupted reports an error that ends the checks of a request that is cut. A server
// that is busy all the time does not end the run.
func (e *examination) interrupted(check string, err error) bool {
	if isBusy(err) {
		e.warn("lock", "--retries N: tusker waits for locks", "the server is busy with the upload: %s", plain(err))
		return true
	}
	e.fail(check, "", err)
	return false
}

// begun begins a PATCH and waits until its first half was sent. It begins again if the
// server is busy, or if a reused connection died. The caller cuts the request.
func (e *examination) begun(ctx context.Context, body int64) (*pending, error) {
	for tries := 1; ; tries++ {
		p := e.begin(ctx, body)
		err := p.halfway(ctx, e)
		exchange, ok := errors.AsType[*client.Error](err)
		if !isBusy(err) && (!ok || !exchange.Stale) || tries == patience || !e.Clock.Sleep(ctx, e.Settle) {
			return p, err
		}
		p.cut()
		if _, err := e.unlocked(ctx); err != nil {
			return p, err
		}
	}
}

// openRequest asks for the offset while half of a body is on its way. Busy means
// that the server does not answer because of the lock.
func (e *examination) openRequest(ctx context.Context, body int64) (shown int64, busy bool, err error) {
	p, err := e.begun(ctx, body)
	defer p.cut()
	if err != nil {
		return 0, false, err
	}
	start := e.offset
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
	p, err := e.begun(ctx, body)
	before = e.offset
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
	began := e.Clock.Now()
	for tries := 1; ; tries++ {
		err := e.head(ctx)
		exchange, ok := errors.AsType[*client.Error](err)
		if err == nil || !ok || !exchange.Retryable() || tries == patience || ctx.Err() != nil {
			return e.Clock.Now().Sub(began), err
		}
		if !e.Clock.Sleep(ctx, e.Settle<<tries) {
			return e.Clock.Now().Sub(began), err
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
	over sync.Once // closes gate.shut
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

// cut ends the request, and with HTTP/1.1 its connection, too. A second call has no
// effect.
func (p *pending) cut() {
	p.over.Do(func() {
		p.stop()
		close(p.gate.shut)
		<-p.done
		p.e.sent += p.gate.read()
	})
}
