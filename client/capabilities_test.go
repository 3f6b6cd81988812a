package client_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// What another run learned is as good as an answer of one's own, for a day.
func TestCapabilitiesOutliveRuns(t *testing.T) {
	const day = 24 * time.Hour
	tests := map[string]struct {
		later  time.Duration
		recent bool
	}{
		"at once":             {0, true},
		"a day":               {day, true},
		"more than a day":     {day + 1, false},
		"a clock that jumped": {-time.Nanosecond, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := inlineServer(t, fake.Config{})
				store := new(client.MemoryStore)
				knowing(t, s, client.Config{Store: store})
				caps, asked, err := store.LoadCapabilities(t.Context(), s.URL)
				if err != nil || !asked.Equal(time.Now()) {
					t.Fatalf("asked at %v, %v", asked, err)
				}
				if err := store.SaveCapabilities(t.Context(), s.URL, caps, asked.Add(-test.later)); err != nil {
					t.Fatal(err)
				}

				c := newClient(t, s, client.Config{Store: store})
				if _, err := c.Upload(t.Context(), text(t, "hello"), nil); err != nil {
					t.Fatal(err)
				}
				want := []string{options, "POST /files/ +5"}
				if !test.recent {
					want = []string{options, created, "PATCH /files/1 0+5"}
				}
				wantSeen(t, s, want...)

				// What is too old is asked for anew, and kept.
				if _, err := c.UploadAll(t.Context(), items(t, 1, 2)); err != nil {
					t.Fatal(err)
				}
				if n := len(s.Seen()) - len(want); n != 2 && test.recent || n != 3 && !test.recent {
					t.Errorf("requests %q", s.Seen())
				}
				_, asked, err = store.LoadCapabilities(t.Context(), s.URL)
				if err != nil || !test.recent && !asked.Equal(time.Now()) {
					t.Errorf("asked at %v, %v", asked, err)
				}
			})
		})
	}
}

// A client that lives long asks again after a day.
func TestCapabilitiesAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inlineServer(t, fake.Config{})
		c := knowing(t, s, client.Config{Store: new(client.MemoryStore)})
		upload := func() {
			t.Helper()
			if _, err := c.Upload(t.Context(), text(t, "hello"), nil); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(24 * time.Hour)
		upload()
		time.Sleep(time.Nanosecond)
		upload()
		if err := c.Learn(t.Context()); err != nil {
			t.Fatal(err)
		}
		upload()
		wantSeen(t, s, options, "POST /files/ +5", created, "PATCH /files/2 0+5", options, "POST /files/ +5")
	})
}

// One endpoint says nothing of another.
func TestCapabilitiesOfOneEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inlineServer(t, fake.Config{})
		store := new(client.MemoryStore)
		knowing(t, s, client.Config{Store: store})
		c := newClient(t, s, client.Config{Store: store, Endpoint: s.URL + "?tenant=b"})
		if _, err := c.Upload(t.Context(), text(t, "hello"), nil); err != nil {
			t.Fatal(err)
		}
		wantSeen(t, s, options, "POST /files/?tenant=b", "PATCH /files/1 0+5")
	})
}

// faulty is a store whose hints cannot be had.
type faulty struct {
	client.MemoryStore
	loadErr, saveErr error

	mu    sync.Mutex
	loads int
}

func (s *faulty) LoadCapabilities(ctx context.Context, endpoint string) (protocol.Capabilities, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loads++
	if s.loadErr != nil {
		return protocol.Capabilities{}, time.Now(), s.loadErr
	}
	return s.MemoryStore.LoadCapabilities(ctx, endpoint)
}

func (s *faulty) SaveCapabilities(ctx context.Context, endpoint string, caps protocol.Capabilities, asked time.Time) error {
	if s.saveErr != nil {
		return s.saveErr
	}
	return s.MemoryStore.SaveCapabilities(ctx, endpoint, caps, asked)
}

// A store that fails costs a question, not the upload, and is not asked for each
// of many.
func TestCapabilitiesOfFaultyStore(t *testing.T) {
	errDisk := errors.New("disk on fire")
	tests := map[string]struct {
		store  *faulty
		logged int
	}{
		"load":    {&faulty{loadErr: errDisk}, 1},
		"save":    {&faulty{saveErr: errDisk}, 1},
		"both":    {&faulty{loadErr: errDisk, saveErr: errDisk}, 2},
		"nothing": {&faulty{}, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := inlineServer(t, fake.Config{})
				var log bytes.Buffer
				c := newClient(t, s, client.Config{
					Store: test.store, Endpoint: s.URL + "?key=hidden", Concurrency: 1,
					Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
				})
				if _, err := c.UploadAll(t.Context(), items(t, 1, 2, 3)); err != nil {
					t.Fatal(err)
				}
				if n := len(s.Seen()); n != 4 {
					t.Errorf("%d requests", n)
				}
				if test.store.loads != 1 {
					t.Errorf("the store was asked %d times", test.store.loads)
				}
				if got := strings.Count(log.String(), "disk on fire"); got != test.logged || strings.Contains(log.String(), "hidden") {
					t.Errorf("logged %d times:\n%s", got, log.String())
				}
			})
		})
	}
}

// A store that knows nothing is asked once, not for each upload.
func TestCapabilitiesAreLookedUpOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inlineServer(t, fake.Config{})
		store := new(faulty)
		c := newClient(t, s, client.Config{Store: store})
		for range 3 {
			if _, err := c.Upload(t.Context(), text(t, "hello"), nil); err != nil {
				t.Fatal(err)
			}
		}
		if store.loads != 1 || asked(s) != 0 {
			t.Errorf("the store was asked %d times, the server %d times", store.loads, asked(s))
		}
	})
}

func TestLearn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inlineServer(t, fake.Config{})
		store := new(client.MemoryStore)
		c := newClient(t, s, client.Config{Store: store})
		s.On(http.MethodOptions, fake.Status(503, "ERR_BUSY: later\n"), fake.Status(204, ""))
		if e := facts(t, c.Learn(t.Context())); e.StatusCode != http.StatusServiceUnavailable || e.Op != protocol.OpOptions {
			t.Errorf("error %v", e)
		}
		wantIs(t, c.Learn(t.Context()), protocol.ErrMissingHeader)
		if _, _, err := store.LoadCapabilities(t.Context(), s.URL); !errors.Is(err, client.ErrNoRecord) {
			t.Errorf("what the server did not say is kept: %v", err)
		}
		for range 2 {
			if err := c.Learn(t.Context()); err != nil {
				t.Error(err)
			}
		}
		wantSeen(t, s, options, options, options)

		wantIs(t, newClient(t, s, client.Config{Endpoint: s.URL}).Learn(ended(t)), context.Canceled, errPulled)
	})
	c, err := client.New(client.Config{Store: new(client.MemoryStore)})
	if err != nil {
		t.Fatal(err)
	}
	wantIs(t, c.Learn(t.Context()), client.ErrNoEndpoint)
}

// ended is a context that was over before it began.
func ended(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errPulled)
	return ctx
}
