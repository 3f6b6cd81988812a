package jobtest_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded"
	"github.com/tusker-go/tusker/client/fleet/embedded/internal/jobtest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/retry"
)

// A server that asks one worker to wait gets no new uploads from the others.
func TestGateOfAnotherWorker(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	const asked = 2 * time.Second
	var mu sync.Mutex
	claimed := make(map[string]bool) // workers that have begun
	var closed time.Time             // when the server asked for the wait
	early := 0
	s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		mu.Lock()
		since := time.Since(closed)
		first := closed.IsZero() && r.Method == http.MethodPost && len(claimed) == 2
		switch {
		case first:
			closed = time.Now()
		case r.Method == http.MethodPost && !closed.IsZero() && since > asked/2 && since < asked-asked/10:
			early++
		}
		mu.Unlock()
		if first {
			fake.Status(http.StatusTooManyRequests, "", "Retry-After", "2")(w, r, next)
			return
		}
		time.Sleep(10 * time.Millisecond)
		next.ServeHTTP(w, r)
	}})
	f := jobtest.NewFolder(t, 300, 10)
	job := e.Open(t, "archive", fleet.Config{})
	jobtest.Add(t, job, f.Items)
	gates := make(chan string, 100)
	var workers sync.WaitGroup
	for _, id := range []string{"a", "b"} {
		other := e.Open(t, "archive", fleet.Config{})
		w := f.Worker(s)
		w.ID, w.Slots = id, 2
		w.Client.Retry = retry.Backoff{}
		w.OnEvent = func(ev fleet.Event) {
			switch ev.Kind {
			case fleet.EventGate:
				gates <- id
			case fleet.EventClaimed:
				mu.Lock()
				defer mu.Unlock()
				claimed[id] = true
			}
		}
		workers.Go(func() { jobtest.Work(t, other, w) })
	}
	workers.Wait()
	close(gates)
	seen := map[string]bool{}
	for id := range gates {
		seen[id] = true
	}
	if len(seen) != 2 {
		t.Errorf("only the workers %v know of the wait", seen)
	}
	if early > 0 {
		t.Errorf("%d uploads began although the server had asked for a wait", early)
	}
	f.WantDelivered(t, job, s)
}
