package jobtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/fleet"
)

// Mortal is a worker that can die: nothing that it does afterwards reaches the engine.
type Mortal struct {
	t      *testing.T
	js     jetstream.JetStream
	cancel context.CancelFunc
}

// StartMortal starts a worker of the job "archive", whose connection has these options.
func StartMortal(t *testing.T, e *Engine, w fleet.Worker, options ...nats.Option) *Mortal {
	t.Helper()
	m := &Mortal{t: t, js: e.Connect(t, options...)}
	job, err := fleet.Open(t.Context(), m.js, "archive", fleet.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var ctx context.Context
	ctx, m.cancel = context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		if err := job.Work(ctx, w); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(done.Wait)
	t.Cleanup(m.cancel)
	return m
}

// Kill ends the connection of the worker without an answer to what it has, and then the worker.
func (m *Mortal) Kill() {
	m.js.Conn().Close()
	m.cancel()
}

// WorkersThatDie has n workers like w begin the item of a path one after the other, and die with
// it. They upload other items.
func WorkersThatDie(t *testing.T, e *Engine, w fleet.Worker, path string, n int) {
	t.Helper()
	for i := range n {
		began := make(chan struct{})
		dies, open := w, w.Open
		dies.UntilDone = false
		var once sync.Once
		dies.Open = func(ctx context.Context, it fleet.Item) (client.Source, error) {
			if it.Path != path {
				return open(ctx, it)
			}
			once.Do(func() { close(began) })
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}
		m := StartMortal(t, e, dies)
		select {
		case <-began:
		case <-time.After(Patience):
			t.Fatalf("worker %d has not got the item %q", i, path)
		}
		m.Kill()
	}
}

// Deliver has the engine deliver each item of the job "archive" to n clients that begin none and
// go away, as to the buffer of a worker that is killed.
func Deliver(t *testing.T, e *Engine, items, n int) {
	t.Helper()
	for range n {
		js := e.Connect(t)
		consumer, err := js.Consumer(t.Context(), "TUSKER_archive", "workers")
		if err != nil {
			t.Fatal(err)
		}
		if err := deliver(consumer, items); err != nil {
			t.Fatal(err)
		}
		js.Conn().Close()
	}
}

// deliver has the engine deliver so many messages.
func deliver(consumer jetstream.Consumer, items int) error {
	for end := time.Now().Add(Patience); items > 0; {
		messages, err := consumer.Fetch(items, jetstream.FetchMaxWait(time.Second))
		if err != nil {
			return err
		}
		for range messages.Messages() {
			items--
		}
		if err := messages.Error(); err != nil && !errors.Is(err, jetstream.ErrNoMessages) {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%d messages did not come", items)
		}
	}
	return nil
}
