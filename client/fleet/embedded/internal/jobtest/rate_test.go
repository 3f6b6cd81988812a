package jobtest_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded"
	"github.com/tusker-go/tusker/client/fleet/embedded/internal/jobtest"
	"github.com/tusker-go/tusker/client/internal/fake"
)

// rateLimit is the limit of the jobs, in bytes a second.
const rateLimit = 1 << 20

// fleetOf are workers that count their bytes with one meter.
type fleetOf struct {
	engine *jobtest.Engine
	folder *jobtest.Folder
	server *fake.Server
	meter  jobtest.Meter
	all    sync.WaitGroup
}

func newFleet(t *testing.T, hook func(http.ResponseWriter, *http.Request, http.Handler), files int) *fleetOf {
	t.Helper()
	f := &fleetOf{engine: jobtest.NewEngine(t, embedded.Config{}), server: fake.New(t, fake.Config{Hook: hook})}
	f.folder = jobtest.NewFolder(t, files, 128<<10)
	return f
}

// start starts a worker over a connection of its own, which ends with ctx or with the job. It
// waits until the engine has it in the list of workers.
func (f *fleetOf) start(ctx context.Context, t *testing.T, id string) {
	t.Helper()
	job := f.engine.Open(t, "archive", fleet.Config{}) //nolint:contextcheck // ctx is that of the worker.
	w := f.folder.WorkerOver(f.meter.Doer(f.server.Doer()))
	w.ID = id
	f.all.Go(func() {
		if err := job.Work(ctx, w); err != nil {
			t.Error(err)
		}
	})
	wait(t, "the worker "+id, func() bool { //nolint:contextcheck // ctx is that of the worker.
		st, err := job.Status(t.Context())
		if err != nil {
			t.Error(err)
		}
		for _, w := range st.Workers {
			if w.ID == id {
				return true
			}
		}
		return false
	})
}

// Workers share the rate limit of the job at all times: those that begin while others work, too.
// The share of a worker that ends goes to the others.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	f := newFleet(t, nil, 88) // 11 MiB
	job := f.engine.Open(t, "archive", fleet.Config{RateLimit: rateLimit})
	jobtest.Add(t, job, f.folder.Items)
	ctx, cancel := context.WithTimeout(t.Context(), jobtest.Patience)
	defer cancel()
	began := time.Now()
	f.start(ctx, t, "first")
	wait(t, "the first bytes", func() bool { return f.meter.Sent() > rateLimit/8 })
	leaves, leave := context.WithCancel(ctx)
	defer leave()
	for _, id := range []string{"second", "third", "fourth"} {
		f.start(leaves, t, id)
	}
	wait(t, "half of the bytes", func() bool { return f.meter.Sent() > 6<<20 })
	leave()
	f.all.Wait()
	// The limiter of each worker allows a burst of a twentieth of its share.
	if excess := f.meter.Excess(began, rateLimit); excess > rateLimit/10 {
		t.Errorf("up to %d bytes more were sent than the limit of 1 MiB in a second allows", excess)
	}
	f.folder.WantDelivered(t, job, f.server)
}

// Workers that begin at the same time stay below the limit.
func TestRateLimitOfWorkersThatBeginTogether(t *testing.T) {
	t.Parallel()
	f := newFleet(t, nil, 24) // 3 MiB
	job := f.engine.Open(t, "archive", fleet.Config{RateLimit: rateLimit})
	jobtest.Add(t, job, f.folder.Items)
	ctx, cancel := context.WithTimeout(t.Context(), jobtest.Patience)
	defer cancel()
	began := time.Now()
	var started sync.WaitGroup
	for _, id := range []string{"a", "b", "c", "d"} {
		started.Go(func() { f.start(ctx, t, id) })
	}
	started.Wait()
	f.all.Wait()
	if excess := f.meter.Excess(began, rateLimit); excess > rateLimit/10 {
		t.Errorf("up to %d bytes more were sent than the limit of 1 MiB in a second allows", excess)
	}
	f.folder.WantDelivered(t, job, f.server)
}

// A limit that a job gets while its workers work, and a change of the limit, apply to the
// workers within seconds.
func TestRateLimitOfRunningJob(t *testing.T) {
	t.Parallel()
	// Without the limit, 4 slots send 6 MiB in a second at most.
	f := newFleet(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(w, r)
		if r.Method == http.MethodPatch {
			time.Sleep(80 * time.Millisecond)
		}
	}, 800)
	job := f.engine.Open(t, "archive", fleet.Config{})
	jobtest.Add(t, job, f.folder.Items)
	ctx, cancel := context.WithTimeout(t.Context(), jobtest.Patience)
	defer cancel()
	f.start(ctx, t, "worker")
	wait(t, "the first bytes", func() bool { return f.meter.Sent() > 0 })
	for _, limit := range []int64{rateLimit, rateLimit / 4} {
		f.engine.Open(t, "archive", fleet.Config{RateLimit: limit})
		wait(t, "a second within the limit", func() bool {
			since, before := time.Now(), f.meter.Sent()
			time.Sleep(time.Second)
			// The bodies of all slots may be on their way in a buffer.
			return f.meter.Sent() > before && f.meter.Excess(since, limit) <= limit/20+4*64<<10
		})
	}
	before := f.meter.Sent()
	f.engine.Open(t, "archive", fleet.Config{RateLimit: -1})
	wait(t, "more bytes than the limit allows", func() bool { return f.meter.Sent() > before+16*rateLimit })
	cancel()
	f.all.Wait()
}
