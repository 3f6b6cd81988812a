package jobtest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded"
	"github.com/tusker-go/tusker/client/fleet/embedded/internal/jobtest"
	"github.com/tusker-go/tusker/client/internal/fake"
)

const chunk = 64 << 10

// halfway runs a worker that stops when the server has half of the only file of a folder. It
// gives the item back.
func halfway(t *testing.T, e *jobtest.Engine, f *jobtest.Folder, s *fake.Server) *fleet.Job {
	t.Helper()
	job := e.Open(t, "archive", fleet.Config{})
	jobtest.Add(t, job, f.Items)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for range f.Items[0].Size / chunk / 2 {
		s.On(http.MethodPatch, pass)
	}
	s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		stop()
		s.Hang(0)(w, r, next)
	})
	w := f.Worker(s)
	w.Client.ChunkSize = chunk
	returned := false
	w.OnEvent = func(ev fleet.Event) { returned = returned || ev.Kind == fleet.EventReturned }
	workUntil(t, ctx, job, w)
	if !returned {
		t.Error("the item was not given back")
	}
	return job
}

// pass has the server handle a request.
func pass(w http.ResponseWriter, r *http.Request, next http.Handler) { next.ServeHTTP(w, r) }

// workUntil works until ctx ends.
func workUntil(t *testing.T, ctx context.Context, job *fleet.Job, w fleet.Worker) { //nolint:revive // t first
	t.Helper()
	w.UntilDone = false
	if err := job.Work(ctx, w); err != nil {
		t.Error(err)
	}
}

// A worker that takes over an item finds the file at another place, with another inode, and
// sends only the rest.
func TestTakeoverAtAnotherPlace(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	s := fake.New(t, fake.Config{})
	f := jobtest.NewFolder(t, 1, 32*chunk)
	job := halfway(t, e, f, s)

	other := &jobtest.Folder{Dir: t.TempDir()}
	copied := other.Write(t, f.Items[0].Path, f.Data(t, f.Items[0]))
	setTime(t, other, copied, f.Items[0].ModTime)
	w := other.Worker(s)
	w.Client.ChunkSize = chunk
	jobtest.Work(t, job, w)
	f.WantDelivered(t, job, s)
	if sent := jobtest.SentBytes(s); sent > f.Items[0].Size+2*chunk {
		t.Errorf("%d bytes were sent for %d", sent, f.Items[0].Size)
	}
	for _, r := range jobtest.Results(t, job, fleet.ResultAll) {
		if r.Resumed < f.Items[0].Size/2 || r.Deliveries != 2 || r.Attempts != 1 {
			t.Errorf("result %+v", r)
		}
	}
}

func setTime(t *testing.T, f *jobtest.Folder, it fleet.Item, at time.Time) {
	t.Helper()
	if err := os.Chtimes(filepath.Join(f.Dir, filepath.FromSlash(it.Path)), at, at); err != nil {
		t.Fatal(err)
	}
}

// A file that was replaced between two workers is not mixed with the bytes of the first one,
// even if it has the same size and time.
func TestReplacedBetweenWorkers(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]time.Duration{"same time": 0, "another time": time.Second} {
		t.Run(name, func(t *testing.T) {
			e := jobtest.NewEngine(t, embedded.Config{})
			s := fake.New(t, fake.Config{})
			f := jobtest.NewFolder(t, 1, 32*chunk)
			job := halfway(t, e, f, s)
			sent, it := jobtest.SentBytes(s), f.Items[0]
			data := f.Data(t, it)
			data[0]++
			f.Write(t, it.Path, data)
			setTime(t, f, it, it.ModTime.Add(at))
			jobtest.Work(t, job, f.Worker(s))
			for _, r := range jobtest.Results(t, job, fleet.ResultAll) {
				if r.Class != fleet.ClassChanged {
					t.Errorf("result %+v, want class %s", r, fleet.ClassChanged)
				}
			}
			if now := jobtest.SentBytes(s); now != sent {
				t.Errorf("%d bytes were sent after the file was replaced", now-sent)
			}
		})
	}
}

// If an upload is gone after its last byte may have been sent, the item fails, and it is sent
// again only if it is retried.
func TestUncertain(t *testing.T) {
	t.Parallel()
	_, s, f, job := jobtest.NewJob(t, fleet.Config{Attempts: 3}, 1, 3*chunk)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	// The worker ends while the server moves the finished upload away.
	s.On(http.MethodPatch, func(_ http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(httptest.NewRecorder(), r)
		s.Delete(r.URL.Path)
		stop()
		panic(http.ErrAbortHandler)
	})
	w := f.Worker(s)
	workUntil(t, ctx, job, w)
	jobtest.Work(t, job, f.Worker(s))
	for _, r := range jobtest.Results(t, job, fleet.ResultAll) {
		if r.Class != fleet.ClassUncertain || r.URL == "" {
			t.Errorf("result %+v, want class %s", r, fleet.ClassUncertain)
		}
	}
	if n := s.Count(); n != 1 {
		t.Errorf("%d uploads were created, want 1", n)
	}
	if n, err := job.Retry(t.Context()); n != 1 || err != nil {
		t.Fatalf("Retry: %d, %v", n, err)
	}
	jobtest.Work(t, job, f.Worker(s))
	f.WantDelivered(t, job, s)
}

// A worker without a confirmed renewal stops to send after two thirds of the lease, and
// another worker gets the item.
func TestLeaseLost(t *testing.T) {
	t.Parallel()
	e, s, f, job := jobtest.NewJob(t, fleet.Config{Lease: time.Second}, 1, 32*chunk)
	js := e.Connect(t)
	mine, err := fleet.Open(t.Context(), js, "archive", fleet.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var lost atomic.Bool
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	w := f.Worker(s)
	w.Client.ChunkSize, w.UntilDone = chunk, false
	w.OnEvent = func(ev fleet.Event) {
		if ev.Kind == fleet.EventLost {
			if !errors.Is(ev.Err, client.ErrLeaseLost) {
				t.Errorf("lost because of %v", ev.Err)
			}
			lost.Store(true)
			stop()
		}
	}
	s.On(http.MethodPatch, pass, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		js.Conn().Close() // the worker can no longer reach the engine
		s.Hang(0)(w, r, next)
	})
	if err := mine.Work(ctx, w); err != nil {
		t.Error(err)
	}
	if !lost.Load() {
		t.Error("the lease was not lost")
	}
	jobtest.Work(t, job, f.Worker(s))
	f.WantDelivered(t, job, s)
}
