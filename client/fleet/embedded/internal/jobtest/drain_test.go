package jobtest_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded/internal/jobtest"
)

// A worker whose context ends finishes what it can and takes nothing new. It gives the rest
// back, and another worker has it at once.
func TestDrain(t *testing.T) {
	t.Parallel()
	e, s, f, job := jobtest.NewJob(t, fleet.Config{Lease: time.Minute}, 6, 100)

	// The server answers the first PATCH when the worker drains, and the second one never.
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	drains := make(chan struct{})
	s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		<-drains
		next.ServeHTTP(w, r)
	}, s.Hang(0))
	w := f.Worker(s)
	w.Slots, w.UntilDone, w.Drain = 2, false, 2*time.Second
	var returned, claimed atomic.Int32
	w.OnEvent = func(ev fleet.Event) {
		switch ev.Kind {
		case fleet.EventClaimed:
			claimed.Add(1)
		case fleet.EventDraining:
			close(drains)
		case fleet.EventReturned:
			returned.Add(1)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- job.Work(ctx, w) }()
	wait(t, "two requests", func() bool { return len(jobtest.Uploads(s)) == 2 })
	began := time.Now() // before the worker begins to count
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took < w.Drain || took > w.Drain+2*time.Second {
		t.Errorf("ended after %v, want %v", took, w.Drain)
	}
	if c, r := claimed.Load(), returned.Load(); c != 2 || r != 1 {
		t.Errorf("claimed %d items and returned %d, want 2 and 1", c, r)
	}
	if st, err := job.Status(t.Context()); err != nil || st.Done != 1 || st.InFlight+st.Queued != 5 {
		t.Errorf("status %+v, error %v", st, err)
	}
	// The lease of a minute does not keep the items from another worker.
	jobtest.Work(t, e.Open(t, "archive", fleet.Config{}), f.Worker(s))
	f.WantDelivered(t, job, s)
}

// An upload that cannot be complete in time is given back as soon as the worker drains.
func TestDrainGivesUpLongUploads(t *testing.T) {
	t.Parallel()
	_, s, f, job := jobtest.NewJob(t, fleet.Config{}, 1, 8<<20)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	w := f.Worker(s)
	w.UntilDone, w.Drain = false, time.Minute/2
	w.Client.RateLimit = 64 << 10 // 128 s for the file
	time.AfterFunc(1500*time.Millisecond, stop)
	began := time.Now()
	if err := job.Work(ctx, w); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > w.Drain/2 {
		t.Errorf("ended after %v, although the upload takes two minutes", took)
	}
	jobtest.Work(t, job, f.Worker(s))
	f.WantDelivered(t, job, s)
}
