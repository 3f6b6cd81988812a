package parts

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tusker-go/tusker/client/internal/cause"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/redact"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

const (
	// autoProbe is how long one connection is measured before more are considered.
	autoProbe = autoStep

	// autoWorth is the time that an upload must have left to be worth more connections.
	autoWorth = 4 * time.Second

	// autoStep is how long each number of connections is measured.
	autoStep = 150 * time.Millisecond

	// autoRise is by how much the rate must have risen to be worth more connections.
	autoRise = 1.1

	// autoDoubts is how often in a row the rate may fail to rise. New connections start
	// slowly, and the system's buffers make the first ones look faster than they are.
	autoDoubts = 3

	autoBegin = 8  // connections after the first
	autoMost  = 16 // connections at most
)

// errSlow is the cause that ends the one connection that an upload began with.
var errSlow = errors.New("one connection is slow")

// SendAuto creates an upload and sends it over one connection. If that is slow, it starts
// over in parts, before the server has acknowledged anything.
func (w Whole) SendAuto(ctx context.Context) (Result, error) {
	if err := w.Keeper.Reserve(ctx); err != nil {
		return Result{}, err
	}
	n, known := w.Source.Length().Int64()
	if !known || n < 2*minSecond || w.Chunk > 0 || w.Dialect.DefaultChunk() > 0 || !w.CanDivide() {
		res, err := engine.Run(ctx, w.Spec)
		return Result{Result: res}, err
	}
	created := w.Spec
	created.CreateOnly = true
	begun, err := engine.Run(ctx, created)
	if err != nil {
		return Result{Result: begun}, err
	}
	if begun.Sent > 0 {
		return w.sendRest(ctx, begun)
	}
	w.Gauge = new(atomic.Int64)
	res, slow, err := w.probed(ctx, n, begun)
	switch {
	case !slow:
		return Result{Result: res}, err
	case res.Offset > 0:
		return w.sendRest(ctx, res) // bytes that the server has acknowledged are not sent again
	default:
		return w.startInParts(ctx, n, res)
	}
}

// CanDivide reports whether the source and the dialect support parts at all.
func (w Whole) CanDivide() bool {
	d, ok := w.Source.(source.Divider)
	_, joins := w.Dialect.(dialect.Joiner)
	return ok && joins && d.Part(protocol.Range{}) != nil
}

// sendRest resumes an upload that this call began.
func (w Whole) sendRest(ctx context.Context, begun engine.Result) (Result, error) {
	w.Adopt = engine.Adopt{URL: begun.URL, Reach: begun.Reach, Expires: begun.Expires}
	res, err := engine.Run(ctx, w.Spec)
	return Result{Result: continued(begun, res)}, err
}

// continued is the result of two runs of one upload that one call began.
func continued(begun, res engine.Result) engine.Result {
	res.Add(begun)
	res.Resumed, res.CreationHeader = 0, begun.CreationHeader
	return res
}

// probed sends an upload that was just created over one connection, and measures it. Slow
// means that the connection was ended because it is slow.
func (w Whole) probed(ctx context.Context, length int64, begun engine.Result) (res engine.Result, slow bool, err error) {
	probe, cancel := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { w.probe(probe, length, cancel) })
	spec := w.Spec
	spec.Adopt = engine.Adopt{URL: begun.URL, Expires: begun.Expires, Fresh: true}
	spec.Tell = func(ctx context.Context, ev engine.Event) error {
		if ev.Kind == engine.Stopped && errors.Is(ev.Err, errSlow) {
			return nil
		}
		return w.Tell(ctx, ev)
	}
	res, err = engine.Run(probe, spec)
	slow = errors.Is(context.Cause(probe), errSlow) && ctx.Err() == nil && errors.Is(err, errSlow)
	cancel(nil)
	watch.Wait()
	return continued(begun, res), slow, err
}

// probe measures the connection once. It ends the upload if the connection is slow and
// the server can join parts.
func (w Whole) probe(ctx context.Context, length int64, cancel context.CancelCauseFunc) {
	if engine.Pause(ctx, autoProbe) != nil {
		return
	}
	sent := w.Gauge.Load()
	if sent == 0 || float64(length-sent)/float64(sent)*float64(autoProbe) < float64(autoWorth) {
		return
	}
	if d, ok := w.Dialect.(dialect.Discoverer); ok {
		if features, err := d.Discover(ctx, w.Endpoint, false); err == nil && features.Join {
			cancel(cause.Internal(errSlow))
		}
	}
}

// startInParts sends the source again, in parts. The upload that was begun is deleted
// meanwhile, if the server can.
func (w Whole) startInParts(ctx context.Context, length int64, begun engine.Result) (Result, error) {
	w.Rules.Log.LogAttrs(ctx, slog.LevelInfo, "sending over more than one connection", slog.String("url", redact.URL(begun.URL)))
	p := growing(length)
	if joiner, ok := w.Dialect.(dialect.Joiner); ok {
		p.limit(joiner.MaxParts(begun.URL))
	}
	// The record must not name an upload that is deleted.
	if err := w.Keeper.Plan(ctx, p.List()); err != nil {
		return Result{Result: begun}, err
	}
	deleting, stop := context.WithCancel(ctx)
	var deleted sync.WaitGroup
	deleted.Go(func() { w.discard(deleting, begun.URL) })
	defer func() {
		late := time.AfterFunc(removeTime, stop)
		deleted.Wait()
		late.Stop()
		stop()
	}()
	res, err := w.Send(ctx, p)
	res.Add(begun)
	return res, err
}

// discard deletes an upload of which the server has acknowledged nothing.
func (w Whole) discard(ctx context.Context, url string) {
	remover, ok := w.Dialect.(dialect.Remover)
	if !ok {
		return
	}
	if err := remover.Remove(ctx, url); err != nil {
		w.Rules.Log.LogAttrs(ctx, slog.LevelInfo, "upload not deleted", slog.String("url", redact.URL(url)), slog.Any("err", err))
	}
}

// grow doubles the workers as long as the rate rises.
func (s *sending) grow(ctx context.Context, done <-chan struct{}, add func(n int)) {
	ticker := time.NewTicker(autoStep)
	defer ticker.Stop()
	sent, doubts := s.Gauge.Load(), 0
	rate := float64(sent) // one connection had the same time
	for n := s.plan.workers; n < autoMost && doubts < autoDoubts; {
		select {
		case <-ticker.C:
		case <-done:
			return
		}
		now := s.Gauge.Load()
		faster := float64(now - sent)
		sent = now
		s.Rules.Log.LogAttrs(ctx, slog.LevelDebug, "connections", slog.Int("count", n),
			slog.Int64("bytes_per_second", int64(faster/autoStep.Seconds())))
		switch {
		case !s.plan.hasMore():
			return
		case faster < rate*autoRise:
			doubts++
			continue
		}
		rate, doubts = faster, 0
		add(n)
		n *= 2
	}
}
