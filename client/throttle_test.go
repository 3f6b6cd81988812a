package client_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// hosts counts host names, so that none is used twice: what a host asked for is
// remembered by the process, and every bubble begins at the same time.
var hosts atomic.Int64

// newHost is the creation URL of a host that no other test knows.
func newHost() string { return fmt.Sprintf("http://host%d.example/files/", hosts.Add(1)) }

func busy(header ...string) fake.Action {
	return fake.Status(http.StatusTooManyRequests, "", header...)
}

// arrivals notes when requests came in.
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

// of are those of a method at the host of a URL.
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
		"seconds":             {patch, busy("Retry-After", "20"), nil, 20 * time.Second, 20 * time.Second},
		"date":                {patch, busy("Retry-After", date), nil, 20 * time.Second, 20 * time.Second},
		"503 and seconds":     {patch, fake.Status(503, "", "Retry-After", "20"), nil, 20 * time.Second, 20 * time.Second},
		"503 and date":        {patch, fake.Status(503, "", "Retry-After", date), nil, 20 * time.Second, 20 * time.Second},
		"creation":            {post, busy("Retry-After", "20"), nil, 20 * time.Second, 20 * time.Second},
		"HEAD":                {head, busy("Retry-After", "20"), nil, 20 * time.Second, 21 * time.Second},
		"capped":              {patch, busy("Retry-After", "86400"), nil, retry.DefaultMax, retry.DefaultMax},
		"capped by Max":       {patch, busy("Retry-After", "20"), retry.Backoff{Max: 5 * time.Second}, 5 * time.Second, 5 * time.Second},
		"no wait named":       {patch, busy(), retry.Backoff{Jitter: -1, Resume: -1}, time.Second, time.Second},
		"a policy of its own": {patch, busy("Retry-After", "20"), retry.Delays(3 * time.Second), 3 * time.Second, 3 * time.Second},
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
				res, err := newClient(t, s, client.Config{Endpoint: newHost(), Retry: test.retry}).Upload(t.Context(), text(t, "hello"),
					&client.UploadOptions{OnEvent: recordEvents(&events)})
				if err != nil {
					t.Fatal(err)
				}
				wantStored(t, s, res.URL, "hello")
				// Up to a second more keeps those apart that were told the same.
				took := time.Since(began)
				if took < test.least || took > test.most+time.Second {
					t.Errorf("took %v, want %v to %v", took, test.least, test.most)
				}
				all := waits(events)
				if last := all[len(all)-1]; last < test.least || last > test.most {
					t.Errorf("told of a wait of %v", last)
				}
			})
		})
	}
}

// What a host asks of one upload holds for all of the process.
func TestThrottledHost(t *testing.T) {
	const told = 20 * time.Second
	create := func(ctx context.Context, c *client.Client, src client.Source) error {
		_, err := c.Upload(ctx, src, nil)
		return err
	}
	concat := func(ctx context.Context, c *client.Client, src client.Source) error {
		_, err := c.UploadConcat(ctx, []client.Source{src}, nil)
		return err
	}
	upper := func(url string) string { return strings.Replace(url, "host", "HOST", 1) }
	same := func(url string) string { return url }
	tests := map[string]struct {
		method string // of the request that is held
		url    func(throttled string) string
		upload func(context.Context, *client.Client, client.Source) error
		held   bool
	}{
		"creation":             {http.MethodPost, same, create, true},
		"OPTIONS":              {http.MethodOptions, same, concat, true},
		"name in capitals":     {http.MethodPost, upper, create, true},
		"default port":         {http.MethodPost, func(url string) string { return strings.Replace(url, ".example/", ".example:80/", 1) }, create, true},
		"another host":         {http.MethodPost, func(string) string { return newHost() }, create, false},
		"another port":         {http.MethodPost, func(url string) string { return strings.Replace(url, ".example/", ".example:81/", 1) }, create, false},
		"another host's first": {http.MethodOptions, func(string) string { return newHost() }, concat, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := newArrivals()
				s := fake.New(t, fake.Config{Hook: seen.note})
				host := newHost()
				url := test.url(host)
				s.On(http.MethodPost, busy("Retry-After", "20"))
				var wg sync.WaitGroup
				wg.Go(func() {
					if err := create(t.Context(), newClient(t, s, client.Config{Endpoint: host}), text(t, "a")); err != nil {
						t.Error(err)
					}
				})
				synctest.Wait()
				time.Sleep(5 * time.Second)
				if err := test.upload(t.Context(), newClient(t, s, client.Config{Endpoint: url}), text(t, "b")); err != nil {
					t.Error(err)
				}
				wg.Wait()
				at := seen.of(test.method, strings.ToLower(url))[0]
				if held := at >= told; held != test.held || at > told+time.Second {
					t.Errorf("came after %v", at)
				}
			})
		})
	}
}

// whileOtherIsHeld answers after another upload to the host was told to wait
// for 20 s.
func whileOtherIsHeld(t *testing.T, s *fake.Server, host string, other *sync.WaitGroup) fake.Action {
	t.Helper()
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		s.On(http.MethodPost, busy("Retry-After", "20"))
		other.Go(func() {
			if _, err := newClient(t, s, client.Config{Endpoint: host}).Upload(t.Context(), text(t, ""), nil); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(time.Second)
		next.ServeHTTP(w, r)
	}
}

// An upload under way is held before its next request.
func TestThrottledBetweenRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := newArrivals()
		s := fake.New(t, fake.Config{Hook: seen.note})
		host := newHost()
		var other sync.WaitGroup
		defer other.Wait()
		s.On(http.MethodPatch, whileOtherIsHeld(t, s, host, &other))
		res, err := newClient(t, s, client.Config{Endpoint: host}).Upload(t.Context(), text(t, "hello"), &client.UploadOptions{ChunkSize: 3})
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, res.URL, "hello")
		if at := seen.of(http.MethodPatch, host)[0]; at < 20*time.Second || at > 21*time.Second {
			t.Errorf("second PATCH after %v", at)
		}
		if res.Retries != 0 {
			t.Errorf("%d retries", res.Retries)
		}
		synctest.Wait()
	})
}

// Nothing is left to be held of an upload whose last byte has been acknowledged.
func TestThrottledAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		host := newHost()
		var other sync.WaitGroup
		s.On(http.MethodPatch, whileOtherIsHeld(t, s, host, &other))
		began := time.Now()
		if _, err := newClient(t, s, client.Config{Endpoint: host}).Upload(t.Context(), text(t, "hello"), nil); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %v", took)
		}
		other.Wait()
	})
}

// The longest wait that was named holds, whatever was named after it.
func TestThrottledTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := newArrivals()
		s := fake.New(t, fake.Config{Hook: seen.note})
		host := newHost()
		s.On(http.MethodPost, busy("Retry-After", "20"), busy("Retry-After", "5"))
		_, err := newClient(t, s, client.Config{Endpoint: host}).UploadAll(t.Context(),
			[]client.Item{{Source: text(t, "a")}, {Source: text(t, "b")}})
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range seen.of(http.MethodPost, host) {
			if at < 20*time.Second {
				t.Errorf("creation after %v", at)
			}
		}
	})
}

func TestCancelledWhileHeld(t *testing.T) {
	tests := map[string]func(context.Context, *client.Client, string) (*client.Result, error){
		"creation": func(ctx context.Context, c *client.Client, _ string) (*client.Result, error) {
			return c.Upload(ctx, text(t, "b"), nil)
		},
		"HEAD": func(ctx context.Context, c *client.Client, url string) (*client.Result, error) {
			return c.Resume(ctx, url, text(t, "b"), nil)
		},
		"Send": func(ctx context.Context, c *client.Client, url string) (*client.Result, error) {
			return c.Send(ctx, url, text(t, "b"), nil)
		},
		"OPTIONS": func(ctx context.Context, c *client.Client, _ string) (*client.Result, error) {
			return c.UploadConcat(ctx, []client.Source{text(t, "b")}, nil)
		},
	}
	for name, call := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				s.URL = newHost()
				url := s.Put("", protocol.Known(1), nil)
				s.On(http.MethodPost, busy("Retry-After", "20"))
				first, stop := context.WithCancel(t.Context())
				var wg sync.WaitGroup
				wg.Go(func() { _, _ = newClient(t, s, client.Config{}).Upload(first, text(t, "a"), nil) })
				synctest.Wait()

				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(3*time.Second, func() { cancel(errPulled) })
				began := time.Now()
				res, err := call(ctx, newClient(t, s, client.Config{}), url)
				wantIs(t, err, errPulled, context.Canceled)
				if took := time.Since(began); took != 3*time.Second {
					t.Errorf("took %v", took)
				}
				if res.Orphans != 0 || res.Retries != 0 {
					t.Errorf("result %+v", res)
				}
				stop()
				wg.Wait()
				wantSeen(t, s, "POST /files/") // the one that was answered
			})
		})
	}
}

// Those that a gate held do not storm through it together.
func TestThrottledHerd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := newArrivals()
		s := fake.New(t, fake.Config{Hook: seen.note})
		host := newHost()
		s.On(http.MethodPost, busy("Retry-After", "20"))
		const herd = 20
		var wg sync.WaitGroup
		upload := func() {
			if _, err := newClient(t, s, client.Config{Endpoint: host}).Upload(t.Context(), text(t, ""), nil); err != nil {
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
		for _, at := range seen.of(http.MethodPost, host) {
			times[at] = true
			if at < 20*time.Second || at > 21*time.Second {
				t.Errorf("one came after %v", at)
			}
		}
		if len(times) != herd+1 {
			t.Errorf("%d of %d moments", len(times), herd+1)
		}
	})
}

// Those that are told the same wait do not come back at the same instant.
func TestThrottledApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 8
		seen := newArrivals()
		s := fake.New(t, fake.Config{Hook: seen.note})
		host := newHost()
		for range n {
			s.On(http.MethodPost, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				time.Sleep(time.Second) // until all are there
				busy("Retry-After", "20")(w, r, next)
			})
		}
		c := newClient(t, s, client.Config{Endpoint: host})
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				if _, err := c.Upload(t.Context(), text(t, ""), nil); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		times := make(map[time.Duration]bool)
		for _, at := range seen.of(http.MethodPost, host) {
			if at < 21*time.Second || at > 24*time.Second {
				t.Errorf("came back after %v", at)
			}
			times[at.Truncate(time.Millisecond)] = true
		}
		if len(times) < n/2 {
			t.Errorf("%d uploads came back at %d instants", n, len(times))
		}
	})
}

// One that gives up tells the others all the same.
func TestThrottledGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := newArrivals()
		s := fake.New(t, fake.Config{Hook: seen.note})
		host := newHost()
		s.On(http.MethodPost, busy("Retry-After", "1"), busy("Retry-After", "20"))
		c := newClient(t, s, client.Config{Endpoint: host, Retry: retry.Backoff{MaxAttempts: 2}})
		_, err := c.Upload(t.Context(), text(t, ""), nil)
		wantIs(t, err, retry.ErrExhausted, protocol.ErrTooManyRequests)
		if _, err := c.Upload(t.Context(), text(t, ""), nil); err != nil {
			t.Fatal(err)
		}
		if at := seen.of(http.MethodPost, host)[0]; at < 21*time.Second {
			t.Errorf("the next came after %v", at)
		}
	})
}
