package jobtest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded"
	"github.com/tusker-go/tusker/client/fleet/embedded/internal/jobtest"
	"github.com/tusker-go/tusker/client/internal/fake"
)

// Items that were often delivered to workers that died before they began them are not poison.
func TestDeliveriesWithoutABeginAreNotPoison(t *testing.T) {
	t.Parallel()
	e, s, f, job := jobtest.NewJob(t, fleet.Config{Lease: time.Second}, 10, 100)
	jobtest.Deliver(t, e, len(f.Items), 7)
	jobtest.Work(t, job, f.Worker(s))
	f.WantDelivered(t, job, s)
	for _, r := range jobtest.Results(t, job, fleet.ResultAll) {
		if r.Deliveries != 8 {
			t.Errorf("%s was delivered %d times, want 8", r.Item.Path, r.Deliveries)
		}
	}
}

// An item is poison if the sixth worker in a row that began it has died, and not before.
func TestPoison(t *testing.T) {
	t.Parallel()
	for deaths, want := range map[int]fleet.Class{5: fleet.ClassNone, 6: fleet.ClassPoison} {
		t.Run(fmt.Sprintf("%d deaths", deaths), func(t *testing.T) {
			t.Parallel()
			e := jobtest.NewEngine(t, embedded.Config{})
			s := fake.New(t, fake.Config{})
			f := jobtest.NewFolder(t, 5, 100)
			job := e.Open(t, "archive", fleet.Config{Lease: time.Second})
			jobtest.Add(t, job, f.Items)
			path := f.Items[2].Path
			jobtest.WorkersThatDie(t, e, f.Worker(s), path, deaths)
			jobtest.Work(t, job, f.Worker(s))
			for _, r := range jobtest.Results(t, job, fleet.ResultAll) {
				if r.Item.Path == path && r.Class != want || r.Item.Path != path && !r.OK() {
					t.Errorf("%s: class %q: %s", r.Item.Path, r.Class, r.Message)
				}
			}
		})
	}
}

// A long upload that comes further with each worker is not poison, however many of them die.
func TestProgressIsNotPoison(t *testing.T) {
	t.Parallel()
	const deaths = 9
	e, s, f, job := jobtest.NewJob(t, fleet.Config{Lease: time.Second}, 1, (deaths+2)*chunk)
	w := f.Worker(s)
	w.Client.ChunkSize, w.UntilDone = chunk, false
	for range deaths {
		hangs := make(chan struct{})
		s.On(http.MethodPatch, pass, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			close(hangs)
			s.Hang(0)(rw, r, next)
		})
		m := jobtest.StartMortal(t, e, w)
		select {
		case <-hangs:
		case <-time.After(jobtest.Patience):
			t.Fatal("no worker has continued the upload")
		}
		m.Kill()
	}
	jobtest.Work(t, job, f.Worker(s))
	f.WantDelivered(t, job, s)
}
