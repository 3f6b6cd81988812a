package jobtest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded/internal/jobtest"
)

// eventLog has the events of a worker.
type eventLog struct {
	mu     sync.Mutex
	counts map[fleet.EventKind]int
	open   map[string]bool // items that were claimed, and whose end was not told
	flaws  []string
}

func newEventLog() *eventLog {
	return &eventLog{counts: make(map[fleet.EventKind]int), open: make(map[string]bool)}
}

// add takes an event of the worker, which has each item once at a time.
func (l *eventLog) add(ev fleet.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[ev.Kind]++
	switch {
	case ev.Kind == fleet.EventClaimed:
		if l.open[ev.ID] {
			l.flaws = append(l.flaws, ev.Item.Path+" is claimed twice")
		}
		l.open[ev.ID] = true
	case ev.Ends():
		if !l.open[ev.ID] {
			l.flaws = append(l.flaws, ev.Item.Path+" ends twice: "+ev.Kind.String())
		}
		delete(l.open, ev.ID)
	}
}

func (l *eventLog) count(k fleet.EventKind) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts[k]
}

// wantEnds fails the test unless each claimed item had exactly one end.
func (l *eventLog) wantEnds(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.flaws) > 0 || len(l.open) > 0 || l.counts[fleet.EventClaimed] == 0 {
		t.Errorf("%d claims, flaws %q, %d without an end, counts %v", l.counts[fleet.EventClaimed], l.flaws, len(l.open), l.counts)
	}
}

// An item that was added twice is skipped by the worker that has its second message.
func TestEventSkipped(t *testing.T) {
	t.Parallel()
	const files = 4
	_, s, f, job := jobtest.NewJob(t, fleet.Config{}, files, 100)
	if _, err := job.Add(t.Context(), jobtest.Seq(f.Items), &fleet.AddOptions{List: "again"}); err != nil {
		t.Fatal(err)
	}
	log := newEventLog()
	w := f.Worker(s)
	w.Slots, w.OnEvent = 1, log.add
	jobtest.Work(t, job, w)
	f.WantDelivered(t, job, s)
	log.wantEnds(t)
	if done, skipped := log.count(fleet.EventDone), log.count(fleet.EventSkipped); done != files || skipped != files {
		t.Errorf("%d items are done and %d skipped, want %d of each", done, skipped, files)
	}
}

// A worker that cannot tell the engine how an attempt ended loses the item, and says so.
func TestEventLostAfterAnAttempt(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{
		"put back": errors.New("the disk is busy"),
		"returned": fleet.ErrNoAccess,
	} {
		t.Run(name, func(t *testing.T) {
			e, s, f, job := jobtest.NewJob(t, fleet.Config{Lease: time.Second}, 1, 100)
			js := e.Connect(t)
			mine, err := fleet.Open(t.Context(), js, "archive", fleet.Config{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			log := newEventLog()
			w := f.Worker(s)
			w.Slots, w.UntilDone = 1, false
			w.Open = func(context.Context, fleet.Item) (client.Source, error) {
				js.Conn().Close() // the worker can no longer reach the engine
				return nil, failure
			}
			w.OnEvent = func(ev fleet.Event) {
				log.add(ev)
				if ev.Ends() {
					stop()
				}
			}
			time.AfterFunc(jobtest.Patience, stop)
			if err := mine.Work(ctx, w); err != nil {
				t.Error(err)
			}
			log.wantEnds(t)
			if log.count(fleet.EventLost) != 1 {
				t.Errorf("events %v, want the item to be lost", log.counts)
			}
			jobtest.Work(t, job, f.Worker(s))
			f.WantDelivered(t, job, s)
		})
	}
}
