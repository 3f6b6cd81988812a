package jobtest_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded/internal/jobtest"
)

// A worker that has to hurry gives everything back at once, also if it could drain for a long
// time, and another worker has the items at once.
func TestHurry(t *testing.T) {
	t.Parallel()
	e, s, f, job := jobtest.NewJob(t, fleet.Config{Lease: time.Minute}, 2, 100)
	s.On(http.MethodPatch, s.Hang(0), s.Hang(0))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	hurry := make(chan struct{})
	w := f.Worker(s)
	w.Slots, w.UntilDone, w.Drain, w.Hurry = 2, false, time.Hour, hurry
	ended := make(chan error, 1)
	go func() { ended <- job.Work(ctx, w) }()
	wait(t, "two requests", func() bool { return len(jobtest.Uploads(s)) == 2 })
	stop()
	close(hurry)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	// The lease of a minute does not keep the items from another worker.
	jobtest.Work(t, e.Open(t, "archive", fleet.Config{}), f.Worker(s))
	f.WantDelivered(t, job, s)
}

// The end of the context gives a worker that has to hurry no time to drain.
func TestHurryBeforeTheContextEnds(t *testing.T) {
	t.Parallel()
	const rounds = 8 // the two ends reach the worker in either order
	_, s, f, job := jobtest.NewJob(t, fleet.Config{Lease: time.Minute}, 1, 100)
	for i := range rounds {
		hangs := make(chan struct{})
		s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			close(hangs)
			s.Hang(0)(w, r, next)
		})
		ctx, stop := context.WithCancel(t.Context())
		hurry := make(chan struct{})
		w := f.Worker(s)
		w.UntilDone, w.Drain, w.Hurry = false, 20*time.Second, hurry
		w.OnEvent = func(ev fleet.Event) {
			if ev.Kind == fleet.EventDraining {
				stop()
			}
		}
		ended := make(chan error, 1)
		go func() { ended <- job.Work(ctx, w) }()
		<-hangs
		began := time.Now()
		close(hurry)
		if err := <-ended; err != nil {
			t.Error(err)
		}
		stop()
		if took := time.Since(began); took > w.Drain/2 {
			t.Fatalf("round %d ended after %v, want at once", i, took)
		}
	}
	jobtest.Work(t, job, f.Worker(s))
	f.WantDelivered(t, job, s)
}
