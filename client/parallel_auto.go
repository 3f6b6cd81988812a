package client

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

const (
	// autoProbe is for how long one connection is looked at before more are
	// thought of.
	autoProbe = autoStep

	// autoWorth is the time that an upload must have left to be worth more
	// connections.
	autoWorth = 4 * time.Second

	// autoStep is how long each number of connections is looked at.
	autoStep = 150 * time.Millisecond

	// autoRise is by how much the rate must have risen to be worth more.
	autoRise = 1.1

	// autoDoubts is how often in a row it may not have: new connections take
	// their time to begin, and the system's buffers make the first ones look
	// faster than they are.
	autoDoubts = 3

	autoBegin = 8  // connections after the first
	autoMost  = 16 // connections at most
)

// errSlow is the cause that ends the one connection that an upload began with.
var errSlow = errors.New("one connection is slow")

// sendAuto sends the upload that was just created over one connection, and turns
// to parts where that is slow.
func (t *transfer) sendAuto(ctx context.Context, endpoint string, creation protocol.Creation, j *journal) error {
	n, ok := t.divisible(creation)
	if !ok || n < 2*minSegment || t.chunk > 0 || t.sum.new != nil && !t.sum.trailer {
		return t.send(ctx)
	}
	t.gauge = new(atomic.Int64)
	probe, cancel := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { t.probe(probe, n, cancel) })
	err := t.send(probe)
	slow := errors.Is(context.Cause(probe), errSlow)
	cancel(nil)
	watch.Wait()
	if err == nil || !slow || ctx.Err() != nil || !errors.Is(err, errSlow) {
		return err
	}
	if t.best > 0 {
		// What the server has acknowledged is not sent again.
		t.loop.Start()
		return t.send(ctx)
	}
	return t.turnToParts(ctx, endpoint, creation, j)
}

// probe looks at the connection once. It ends the upload where that is slow and
// the server can join parts.
func (t *transfer) probe(ctx context.Context, length int64, cancel context.CancelCauseFunc) {
	if pause(ctx, autoProbe) != nil {
		return
	}
	sent := t.gauge.Load()
	if sent == 0 || float64(length-sent)/float64(sent)*float64(autoProbe) < float64(autoWorth) {
		return
	}
	caps, known := t.c.recall(ctx)
	if !known {
		if t.c.Learn(ctx) != nil {
			return
		}
		caps, _ = t.c.recall(ctx)
	}
	if caps.Has(protocol.ExtensionConcatenation) {
		cancel(errSlow)
	}
}

// turnToParts begins anew, in parts. The upload that was begun is deleted
// meanwhile, where the server can.
func (t *transfer) turnToParts(ctx context.Context, endpoint string, creation protocol.Creation, j *journal) error {
	t.c.log.LogAttrs(ctx, slog.LevelInfo, "sending over more than one connection", slog.String("url", redact(t.url)))
	url := t.url
	deleting, stop := context.WithCancel(ctx)
	var discarded sync.WaitGroup
	discarded.Go(func() { t.discard(deleting, url) })
	defer func() {
		late := time.AfterFunc(cleanUpTime, stop)
		discarded.Wait()
		late.Stop()
		stop()
	}()
	n, _ := t.size().Int64()
	t.anew()
	t.loop.Start()
	s := autoSegments(n)
	s.bound(endpoint, url)
	j.planned(ctx, s.list())
	return t.sendAndJoin(ctx, endpoint, creation, s, j)
}

// discard deletes an upload that nothing is acknowledged of.
func (t *transfer) discard(ctx context.Context, url string) {
	if _, err := t.c.Terminate(ctx, url, t.call); err != nil {
		t.c.log.LogAttrs(ctx, slog.LevelInfo, "upload not deleted", slog.String("url", redact(url)), slog.Any("err", err))
	}
}

// crew has workers send segments until none is left, and gets more of them as
// long as that makes the upload faster.
func (t *transfer) crew(ctx context.Context, s *segments, send func(int, PartRecord)) {
	var wg sync.WaitGroup
	var working atomic.Int64
	done := make(chan struct{})
	ended := sync.OnceFunc(func() { close(done) })
	work := func() {
		working.Add(1)
		wg.Go(func() {
			defer func() {
				if working.Add(-1) == 0 {
					ended()
				}
			}()
			for ctx.Err() == nil {
				i, part, ok := s.take()
				if !ok {
					return
				}
				send(i, part)
			}
		})
	}
	if s.grow {
		wg.Go(func() { t.enlarge(ctx, done, s, work) })
	}
	for range s.workers {
		work()
	}
	wg.Wait()
}

// enlarge doubles the workers as long as the rate rises.
func (t *transfer) enlarge(ctx context.Context, done <-chan struct{}, s *segments, work func()) {
	ticker := time.NewTicker(autoStep)
	defer ticker.Stop()
	// One connection had as long.
	sent, doubts := t.gauge.Load(), 0
	rate := float64(sent)
	for n := s.workers; n < autoMost && doubts < autoDoubts; {
		select {
		case <-ticker.C:
		case <-done:
			return
		}
		now := t.gauge.Load()
		faster := float64(now - sent)
		sent = now
		t.c.log.LogAttrs(ctx, slog.LevelDebug, "connections", slog.Int("count", n),
			slog.Int64("bytes_per_second", int64(faster/autoStep.Seconds())))
		switch {
		case !s.left():
			return
		case faster < rate*autoRise:
			doubts++
			continue
		}
		rate, doubts = faster, 0
		for range n {
			work()
		}
		n *= 2
	}
}
