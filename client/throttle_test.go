package client_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// arrivals records when requests arrive.
type arrivals struct {
	began time.Time
	mu    sync.Mutex
	list  map[string][]time.Duration // by host and method
}

func newArrivals() *arrivals {
	return &arrivals{began: time.Now(), list: make(map[string][]time.Duration)}
}

func (a *arrivals) note(w http.ResponseWriter, r *http.Request, next http.Handler) {
	a.mu.Lock()
	key := r.Method + " " + strings.ToLower(r.Host)
	a.list[key] = append(a.list[key], time.Since(a.began))
	a.mu.Unlock()
	next.ServeHTTP(w, r)
}

// of returns the times of requests with a method to the host of a URL.
func (a *arrivals) of(method, url string) []time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	host, _, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	return a.list[method+" "+host]
}

func TestThrottled(t *testing.T) {
	const post, patch, head = http.MethodPost, http.MethodPatch, http.MethodHead
	const date = "Sat, 01 Jan 2000 00:00:20 GMT"
	tests := map[string]struct {
		method string
		action fake.Action
		retry  retry.Policy
		least  time.Duration
		most   time.Duration
	}{
		"seconds":             {patch, clienttest.TooManyRequests("Retry-After", "20"), nil, 20 * time.Second, 20 * time.Second},
		"date":                {patch, clienttest.TooManyRequests("Retry-After", date), nil, 20 * time.Second, 20 * time.Second},
		"503 and seconds":     {patch, fake.Status(503, "", "Retry-After", "20"), nil, 20 * time.Second, 20 * time.Second},
		"503 and date":        {patch, fake.Status(503, "", "Retry-After", date), nil, 20 * time.Second, 20 * time.Second},
		"creation":            {post, clienttest.TooManyRequests("Retry-After", "20"), nil, 20 * time.Second, 20 * time.Second},
		"HEAD":                {head, clienttest.TooManyRequests("Retry-After", "20"), nil, 20 * time.Second, 21 * time.Second},
		"capped":              {patch, clienttest.TooManyRequests("Retry-After", "86400"), nil, retry.DefaultMax, retry.DefaultMax},
		"capped by Max":       {patch, clienttest.TooManyRequests("Retry-After", "20"), retry.Backoff{Max: 5 * time.Second}, 5 * time.Second, 5 * time.Second},
		"no wait named":       {patch, clienttest.TooManyRequests(), retry.Backoff{Jitter: -1, Resume: -1}, time.Second, time.Second},
		"a policy of its own": {patch, clienttest.TooManyRequests("Retry-After", "20"), retry.Delays(3 * time.Second), 3 * time.Second, 3 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				began := time.Now()
				if test.method == head {
					s.On(patch, fake.Cut(0))
				}
				s.On(test.method, test.action)
				var events []client.Event
				res, err := clienttest.NewClient(t, s, client.Config{Retry: test.retry}).Upload(t.Context(), clienttest.TextSource(t, "hello"),
					&client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, "hello")
				// Up to a second more spreads uploads that have the same wait.
				took := time.Since(began)
				if took < test.least || took > test.most+time.Second {
					t.Errorf("took %v, want %v to %v", took, test.least, test.most)
				}
				all := clienttest.RetryWaits(events)
				if last := all[len(all)-1]; last < test.least || last > test.most {
					t.Errorf("the event has a wait of %v, want at least %v and at most %v", last, test.least, test.most)
				}
			})
		})
	}
}

// The longest wait that a host named counts, even if a later answer names a shorter one.
func TestLongestWaitCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := newArrivals()
		s := fake.New(t, fake.Config{Hook: seen.note})
		s.On(http.MethodPost, clienttest.TooManyRequests("Retry-After", "20"), clienttest.TooManyRequests("Retry-After", "5"))
		_, err := clienttest.NewClient(t, s, client.Config{}).UploadAll(t.Context(),
			[]client.Item{{Source: clienttest.TextSource(t, "a")}, {Source: clienttest.TextSource(t, "b")}})
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range seen.of(http.MethodPost, s.URL) {
			if at < 20*time.Second {
				t.Errorf("creation after %v, want at least %v", at, 20*time.Second)
			}
		}
	})
}

// Uploads that waited for the gate of a host do not send their requests at the same moment.
func TestUploadsSpreadAfterSharedWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := newArrivals()
		s := fake.New(t, fake.Config{Hook: seen.note})
		s.On(http.MethodPost, clienttest.TooManyRequests("Retry-After", "20"))
		const herd = 20
		c := clienttest.NewClient(t, s, client.Config{})
		var wg sync.WaitGroup
		upload := func() {
			if _, err := c.Upload(t.Context(), clienttest.TextSource(t, ""), nil); err != nil {
				t.Error(err)
			}
		}
		wg.Go(upload)
		synctest.Wait()
		for range herd {
			wg.Go(upload)
		}
		wg.Wait()
		times := make(map[time.Duration]bool)
		for _, at := range seen.of(http.MethodPost, s.URL) {
			times[at] = true
			if at < 20*time.Second || at > 21*time.Second {
				t.Errorf("one came after %v, want at least %v and at most %v", at, 20*time.Second, 21*time.Second)
			}
		}
		if len(times) != herd+1 {
			t.Errorf("%d of %d moments, want %v", len(times), herd+1, herd+1)
		}
	})
}

// Uploads that got the same Retry-After do not send their requests at the same moment.
func TestUploadsSpreadAfterSameRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 8
		seen := newArrivals()
		s := fake.New(t, fake.Config{Hook: seen.note})
		for range n {
			s.On(http.MethodPost, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				time.Sleep(time.Second) // until all requests have arrived
				clienttest.TooManyRequests("Retry-After", "20")(w, r, next)
			})
		}
		c := clienttest.NewClient(t, s, client.Config{})
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				if _, err := c.Upload(t.Context(), clienttest.TextSource(t, ""), nil); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		times := make(map[time.Duration]bool)
		for _, at := range seen.of(http.MethodPost, s.URL) {
			if at < 21*time.Second || at > 24*time.Second {
				t.Errorf("came back after %v, want at least %v and at most %v", at, 21*time.Second, 24*time.Second)
			}
			times[at.Truncate(time.Millisecond)] = true
		}
		if len(times) < n/2 {
			t.Errorf("%d uploads came back at %d instants, want at least %v", n, len(times), n/2)
		}
	})
}

// Other uploads wait for a throttled host even if the upload that got the answer gives up.
func TestThrottledUploadGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := newArrivals()
		s := fake.New(t, fake.Config{Hook: seen.note})
		s.On(http.MethodPost, clienttest.TooManyRequests("Retry-After", "1"), clienttest.TooManyRequests("Retry-After", "20"))
		c := clienttest.NewClient(t, s, client.Config{Retry: retry.Backoff{MaxAttempts: 2}})
		_, err := c.Upload(t.Context(), clienttest.TextSource(t, ""), nil)
		clienttest.WantErrorIs(t, err, retry.ErrExhausted, protocol.ErrTooManyRequests)
		if _, err := c.Upload(t.Context(), clienttest.TextSource(t, ""), nil); err != nil {
			t.Fatal(err)
		}
		if at := seen.of(http.MethodPost, s.URL)[0]; at < 21*time.Second {
			t.Errorf("the next came after %v, want at least %v", at, 21*time.Second)
		}
	})
}
