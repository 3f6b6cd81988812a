package jobtest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded/internal/jobtest"
)

// A worker ends when its job is removed.
func TestRemoveDuringWork(t *testing.T) {
	t.Parallel()
	_, s, f, job := jobtest.NewJob(t, fleet.Config{}, 3, 10)
	w := f.Worker(s)
	w.UntilDone = false
	ended := make(chan error, 1)
	go func() { ended <- job.Work(t.Context(), w) }()
	wait(t, "all items are done", func() bool {
		st, err := job.Status(t.Context())
		return err == nil && st.Done == 3
	})
	if err := job.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, fleet.ErrNoJob) {
		t.Errorf("error %v, want %v", err, fleet.ErrNoJob)
	}
}

// Items that wait for a slot behind a long upload are given back, so that another worker has
// them.
func TestItemsDoNotWaitForLongUploads(t *testing.T) {
	t.Parallel()
	e, s, f, job := jobtest.NewJob(t, fleet.Config{Lease: time.Minute}, 200, 10)
	// The worker finishes some items quickly, so it asks for further ones in advance.
	for range 100 {
		s.On(http.MethodPatch, pass)
	}
	s.On(http.MethodPatch, s.Hang(0), s.Hang(0))
	ctx, stop := context.WithCancel(t.Context())
	slow := f.Worker(s)
	slow.Slots, slow.UntilDone = 2, false
	ended := make(chan error, 1)
	first, second := e.Open(t, "archive", fleet.Config{}), e.Open(t, "archive", fleet.Config{})
	go func() { ended <- first.Work(ctx, slow) }()
	wait(t, "two uploads hang", func() bool { return len(jobtest.Uploads(s)) == 102 })
	other := f.Worker(s)
	other.UntilDone = false
	go func() { ended <- second.Work(ctx, other) }()
	wait(t, "the other worker has finished the rest", func() bool {
		st, err := job.Status(t.Context())
		return err == nil && st.Done == 198
	})
	stop()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
