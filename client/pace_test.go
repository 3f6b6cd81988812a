package client_test

import (
	"context"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// meter records when bytes of bodies arrive.
type meter struct {
	mu   sync.Mutex
	list []arrived
}

type arrived struct {
	at time.Time
	n  int64
}

func (m *meter) hook(w http.ResponseWriter, r *http.Request, next http.Handler) {
	r.Body = &metered{ReadCloser: r.Body, m: m}
	next.ServeHTTP(w, r)
}

type metered struct {
	io.ReadCloser
	m *meter
}

func (r *metered) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	r.m.list = append(r.m.list, arrived{time.Now(), int64(n)})
	return n, err
}

// most returns the largest number of bytes that arrived within any period d.
func (m *meter) most(d time.Duration) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	var most, sum int64
	first := 0
	for _, a := range m.list {
		sum += a.n
		for a.at.Sub(m.list[first].at) >= d {
			sum -= m.list[first].n
			first++
		}
		most = max(most, sum)
	}
	return most
}

// wantTook checks that want has passed since began, to within 3 %.
func wantTook(t *testing.T, began time.Time, want time.Duration) {
	t.Helper()
	if took := time.Since(began); took < want*97/100 || took > want*103/100 {
		t.Errorf("took %v, want %v", took, want)
	}
}

func TestRateLimit(t *testing.T) {
	const rate = clienttest.MiB / 4
	tests := map[string]struct {
		sizes []int // of uploads at the same time
		cfg   client.Config
		opts  client.UploadOptions
		learn bool
		want  time.Duration
	}{
		"one upload":         {sizes: []int{10 * rate}, want: 10 * time.Second},
		"in chunks":          {sizes: []int{10 * rate}, cfg: client.Config{ChunkSize: 100 * clienttest.KiB}, want: 10 * time.Second},
		"several uploads":    {sizes: []int{rate, 2 * rate, 3 * rate, 4 * rate}, want: 10 * time.Second},
		"in parts":           {sizes: []int{10 * rate}, opts: client.UploadOptions{Parallel: 4}, want: 10 * time.Second},
		"with the creations": {sizes: []int{rate, rate, rate, rate, rate, rate}, learn: true, want: 6 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var m meter
				s := clienttest.NewInlineServer(t, fake.Config{Hook: m.hook})
				cfg := test.cfg
				cfg.RateLimit = rate
				c := clienttest.NewClient(t, s, cfg)
				if test.learn {
					c = clienttest.NewLearnedClient(t, s, cfg)
				}
				began := time.Now()
				var wg sync.WaitGroup
				for _, n := range test.sizes {
					wg.Go(func() {
						data := clienttest.Noise(n)
						res, err := c.Upload(t.Context(), clienttest.TextSource(t, data), &test.opts)
						if err != nil {
							t.Error(err)
							return
						}
						clienttest.WantStored(t, s, res.URL, data)
					})
				}
				wg.Wait()
				wantTook(t, began, test.want)
				// A quarter of a second may have its share of the rate, one burst, and the
				// bytes of a buffer.
				if got, want := m.most(250*time.Millisecond), int64(rate/4+rate/20+8*clienttest.KiB); got > want {
					t.Errorf("%d bytes in 250 ms, want %d at most", got, want)
				}
			})
		})
	}
}

// Bytes that were not sent during a pause do not raise the rate afterward.
func TestRateLimitAfterPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m meter
		s := fake.New(t, fake.Config{Hook: m.hook})
		c := clienttest.NewClient(t, s, client.Config{RateLimit: clienttest.MiB})
		for range 2 {
			began := time.Now()
			if _, err := c.Upload(t.Context(), clienttest.TextSource(t, clienttest.Noise(4*clienttest.MiB)), nil); err != nil {
				t.Fatal(err)
			}
			wantTook(t, began, 4*time.Second)
			time.Sleep(time.Minute)
		}
		if got := m.most(time.Second); got > clienttest.MiB+clienttest.MiB/20+64*clienttest.KiB {
			t.Errorf("%d bytes in a second, want at most %v", got, clienttest.MiB+clienttest.MiB/20+64*clienttest.KiB)
		}
	})
}

// Each Client has its own rate limit.
func TestRateLimitOfEachClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		began := time.Now()
		var wg sync.WaitGroup
		for range 3 {
			c := clienttest.NewClient(t, s, client.Config{RateLimit: clienttest.MiB})
			wg.Go(func() {
				if _, err := c.Upload(t.Context(), clienttest.TextSource(t, clienttest.Noise(2*clienttest.MiB)), nil); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		wantTook(t, began, 2*time.Second)
	})
}

// A short Read of the source counts only the bytes that it returned.
func TestRateLimitOfShortReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate = 1000
		s := fake.New(t, fake.Config{})
		c := clienttest.NewClient(t, s, client.Config{RateLimit: rate})
		r := iotest.OneByteReader(strings.NewReader(clienttest.Noise(3 * rate)))
		began := time.Now()
		if _, err := c.Patch(t.Context(), s.Put("", protocol.Known(3*rate), nil), protocol.Patch{}, r, 3*rate, nil); err != nil {
			t.Fatal(err)
		}
		wantTook(t, began, 3*time.Second)
	})
}

func TestRateLimitExtremes(t *testing.T) {
	tests := map[string]struct {
		rate int64
		size int
		want time.Duration
	}{
		"one byte a second":  {1, 11, 10 * time.Second}, // the first needs no wait
		"below one burst":    {19, 20, 19 * time.Second / 19},
		"as fast as can be":  {math.MaxInt64, clienttest.MiB, 0},
		"more than 32 bits":  {1 << 40, clienttest.MiB, 0},
		"nothing to wait on": {1, 0, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				began := time.Now()
				data := clienttest.Noise(test.size)
				res, err := clienttest.NewClient(t, s, client.Config{RateLimit: test.rate}).Upload(t.Context(), clienttest.TextSource(t, data), nil)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				if test.want == 0 {
					if took := time.Since(began); took > time.Millisecond {
						t.Errorf("took %v, want at most %v", took, time.Millisecond)
					}
					return
				}
				wantTook(t, began, test.want)
			})
		})
	}
	_, err := client.New(client.Config{RateLimit: -1})
	clienttest.WantErrorIs(t, err, client.ErrInvalidOption)
}

// A wait for the rate limit is not a stall.
func TestRateLimitIsNoStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const uploads = 10
		s := fake.New(t, fake.Config{})
		c := clienttest.NewClient(t, s, client.Config{RateLimit: 1, StallTimeout: 5 * time.Second})
		began := time.Now()
		var wg sync.WaitGroup
		for range uploads {
			wg.Go(func() {
				// Each byte waits for one byte of every other upload.
				res, err := c.Upload(t.Context(), clienttest.TextSource(t, "abc"), nil)
				if err != nil {
					t.Error(err)
				}
				if res.Retries != 0 {
					t.Errorf("%d retries, want 0", res.Retries)
				}
			})
		}
		wg.Wait()
		wantTook(t, began, 3*uploads*time.Second-time.Second)
	})
}

// A server that reads no bytes is a stall at a low rate as well.
func TestStallAtALowRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPatch, s.Hang(0))
		c := clienttest.NewClient(t, s, client.Config{RateLimit: 10 * clienttest.KiB, StallTimeout: 5 * time.Second})
		began := time.Now()
		_, err := clienttest.ResumeOnce(t.Context(), c, s.Put("", protocol.Known(clienttest.MiB), nil), clienttest.TextSource(t, clienttest.Noise(clienttest.MiB)), nil)
		clienttest.WantErrorIs(t, err, client.ErrStalled)
		if took := time.Since(began); took < 5*time.Second || took > 7*time.Second {
			t.Errorf("took %v, want at least %v and at most %v", took, 5*time.Second, 7*time.Second)
		}
	})
}

// An early answer ends the wait for the rate limit.
func TestEarlyAnswerAtALowRate(t *testing.T) {
	for name, status := range map[string]int{"refused": 403, "too large": 413} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPatch, clienttest.EarlyStatus(status, "Tus-Resumable", "1.0.0"))
				url := s.Put("", protocol.Known(clienttest.MiB), nil)
				began := time.Now()
				_, err := clienttest.ResumeOnce(t.Context(), clienttest.NewClient(t, s, client.Config{RateLimit: 1}), url, clienttest.TextSource(t, clienttest.Noise(clienttest.MiB)), nil)
				if clienttest.ErrorOf(t, err).StatusCode != status {
					t.Errorf("error %v, want StatusCode %v", err, status)
				}
				if took := time.Since(began); took > time.Second {
					t.Errorf("took %v, want at most %v", took, time.Second)
				}
			})
		})
	}
}

func TestCancelAtALowRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(3500*time.Millisecond, func() { cancel(clienttest.ErrUnplugged) })
		began := time.Now()
		res, err := clienttest.NewClient(t, s, client.Config{RateLimit: 1}).Upload(ctx, clienttest.TextSource(t, clienttest.Noise(clienttest.MiB)), nil)
		clienttest.WantErrorIs(t, err, clienttest.ErrUnplugged, context.Canceled)
		if took := time.Since(began); took != 3520*time.Millisecond || res.Sent != 4 {
			t.Errorf("took %v, %d bytes sent, want %v and Sent 4", took, res.Sent, 3520*time.Millisecond)
		}
	})
}

// An upload whose wait for the rate would exceed the deadline ends at the deadline, not before.
func TestDeadlineAtALowRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		began := time.Now()
		res, err := clienttest.NewClient(t, s, client.Config{RateLimit: 1}).Upload(ctx, clienttest.TextSource(t, clienttest.Noise(clienttest.MiB)), nil)
		clienttest.WantErrorIs(t, err, context.DeadlineExceeded)
		if took := time.Since(began); took != 3520*time.Millisecond || res.Retries != 0 {
			t.Errorf("took %v, %d retries, want %v and Retries 0", took, res.Retries, 3520*time.Millisecond)
		}
	})
}
