package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

var errKilled = errors.New("the worker was killed")

// worker is a process that uploads. When it has done its last operation it is dead: neither
// the store nor the server hears from it any more.
type worker struct {
	lockless // workers on one file exclude one another by revisions alone
	left     atomic.Int64
	doer     transport.Doer
}

// newWorker makes a worker that dies after this number of operations. 0: it does not die.
func newWorker(store *client.MemoryStore, doer transport.Doer, operations int64) *worker {
	w := &worker{lockless: lockless{store}, doer: doer}
	if w.left.Store(operations); operations == 0 {
		w.left.Store(1 << 40)
	}
	return w
}

func (w *worker) act() error {
	if w.left.Add(-1) < 0 {
		return retry.Permanent(errKilled)
	}
	return nil
}

func (w *worker) isDead() bool { return w.left.Load() < 0 }

func (w *worker) Load(ctx context.Context, key string) (*client.Record, error) {
	if err := w.act(); err != nil {
		return nil, err
	}
	return w.MemoryStore.Load(ctx, key)
}

func (w *worker) Save(ctx context.Context, r *client.Record) error {
	if err := w.act(); err != nil {
		return err
	}
	c := *r
	err := w.MemoryStore.Save(ctx, &c)
	if dead := w.act(); dead != nil {
		return dead // it was done, but the worker did not hear of it
	}
	if err == nil {
		r.Revision = c.Revision
	}
	return err
}

func (w *worker) Delete(ctx context.Context, key, revision string) error {
	if err := w.act(); err != nil {
		return err
	}
	return w.MemoryStore.Delete(ctx, key, revision)
}

func (w *worker) LoadFinished(ctx context.Context, endpoint, key string) (*client.Record, error) {
	if err := w.act(); err != nil {
		return nil, err
	}
	return w.MemoryStore.LoadFinished(ctx, endpoint, key)
}

func (w *worker) SaveFinished(ctx context.Context, r *client.Record) error {
	if err := w.act(); err != nil {
		return err
	}
	return w.MemoryStore.SaveFinished(ctx, r)
}

// Do sends a request. A worker may die before the request, in its body and before its answer.
func (w *worker) Do(req *http.Request) (*http.Response, error) {
	if err := w.act(); err != nil {
		return nil, err
	}
	if req.Body != nil && req.Body != http.NoBody {
		req.Body = &dyingBody{req.Body, w}
		req.GetBody = nil
	}
	resp, err := w.doer.Do(req)
	if dead := w.act(); dead != nil {
		if err == nil {
			_ = resp.Body.Close()
		}
		return nil, dead
	}
	return resp, err
}

// dyingBody is the body of a request of a worker that may die.
type dyingBody struct {
	io.ReadCloser
	w *worker
}

func (b *dyingBody) Read(p []byte) (int, error) {
	if err := b.w.act(); err != nil {
		return 0, err
	}
	return b.ReadCloser.Read(p[:min(len(p), 3)])
}

// Workers without locks that share a store and a ledger send each file exactly once, although
// half of them are killed at any operation: one upload of each file has all bytes, every
// result has its URL, and no record is left.
func TestOnceWithWorkersThatDie(t *testing.T) {
	const (
		files   = 6
		workers = 8
	)
	seeds := 40
	if testing.Short() {
		seeds = 5
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				names := make([]string, files)
				for i := range names {
					names[i] = clienttest.WriteFile(t, clienttest.Noise(i*7)) // the first one is empty
				}
				var mu sync.Mutex
				urls := make([]map[string]bool, files)
				for i := range urls {
					urls[i] = make(map[string]bool)
				}
				// work uploads all files in its own order, and reports whether it could.
				work := func(w *worker, random *rand.Rand) bool {
					cfg := client.Config{Store: w, Ledger: w, Once: true, Doer: w, Retry: retry.Never}
					c := clienttest.NewClient(t, s, cfg)
					for _, i := range random.Perm(files) {
						for try := 0; !w.isDead(); try++ {
							res, err := c.Upload(t.Context(), clienttest.PathSource(t, names[i]), nil)
							if err == nil {
								mu.Lock()
								urls[i][res.URL] = true
								mu.Unlock()
								break
							}
							if !w.isDead() && try > 100 {
								t.Errorf("file %d: %v, want the end after at most 100 tries", i, err)
								return false
							}
							// Without a pause, workers without locks may overtake one another again
							// and again.
							time.Sleep(time.Duration(random.Int64N(int64(time.Second))))
						}
					}
					return !w.isDead()
				}
				var all sync.WaitGroup
				for n := range workers {
					random := rand.New(rand.NewPCG(uint64(seed), uint64(n)))
					all.Go(func() {
						if n%2 == 1 {
							work(newWorker(&store, s.Doer(), 0), random)
							return
						}
						for range 3 { // a killed worker is started again
							work(newWorker(&store, s.Doer(), 1+random.Int64N(60)), random)
						}
					})
				}
				all.Wait()
				if !work(newWorker(&store, s.Doer(), 0), rand.New(rand.NewPCG(0, 0))) {
					t.Fatal("a worker that was not killed did not end")
				}
				for i, seen := range urls {
					if len(seen) != 1 {
						t.Errorf("file %d: the results have %d URLs: %v, want 1 of them", i, len(seen), seen)
					}
				}
				wantOneOfEach(t, s, names, urls)
				for _, v := range s.Violations() {
					// Two workers on an empty file may both declare its length: the second one
					// may ask while the request of the first one is under way.
					if v != "PATCH declares a length again" {
						t.Errorf("violation of the protocol: %s, want %q", v, "PATCH declares a length again")
					}
				}
				clienttest.WantNoRecord(t, &store)
			})
		})
	}
}

// wantOneOfEach checks that each file has one upload that has bytes.
func wantOneOfEach(t *testing.T, s *fake.Server, names []string, urls []map[string]bool) {
	t.Helper()
	for i := range names {
		for url := range urls[i] {
			clienttest.WantStored(t, s, url, clienttest.Noise(i*7))
		}
	}
	finished := 0
	for n := range s.Seen() { // there are no more uploads than requests
		if len(s.Bytes(fmt.Sprint(s.URL, n+1))) > 0 {
			finished++
		}
	}
	if want := len(names) - 1; finished != want { // the first file is empty
		t.Errorf("%d uploads have bytes, want %d", finished, want)
	}
}
