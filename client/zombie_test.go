package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/transport"
)

// lockless is a store whose lock does not exclude others.
type lockless struct{ *client.MemoryStore }

func (lockless) Lock(context.Context, string) (func() error, error) {
	return func() error { return nil }, nil
}

// A run whose record another run has changed ends with ErrConflict, and sends nothing more.
func TestZombieIsStopped(t *testing.T) {
	tests := map[string]struct {
		size     int
		parallel int
		at       string // the method of the request during which the other run changes the record
		after    int    // earlier requests of this method
	}{
		"before the last chunk":   {clienttest.RecordedSize, 0, http.MethodPatch, 1},
		"between URL and bytes":   {5, 0, http.MethodPost, 0},
		"before parts are sent":   {clienttest.FourPartsSize, 4, http.MethodPost, 0},
		"before parts are joined": {clienttest.FourPartsSize, 4, http.MethodPatch, 3},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				memory := new(client.MemoryStore)
				s := fake.New(t, fake.Config{})
				var once sync.Once
				action := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					once.Do(func() {
						record := clienttest.OnlyRecord(t, memory)
						if err := memory.Save(t.Context(), &record); err != nil {
							t.Error(err)
						}
					})
					next.ServeHTTP(w, r)
				}
				s.On(test.at, append(make([]fake.Action, test.after), action)...)
				cfg := client.Config{Store: lockless{memory}, Ledger: memory, Once: true}
				if test.parallel == 0 {
					cfg.ChunkSize = clienttest.ChunkSize
				}
				src := clienttest.PathSource(t, clienttest.WriteFile(t, clienttest.Noise(test.size)))
				_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), src, &client.UploadOptions{Parallel: test.parallel})
				clienttest.WantErrorIs(t, err, client.ErrConflict)
				seen := s.Seen()
				if last := seen[len(seen)-1]; !strings.HasPrefix(last, test.at) {
					t.Errorf("the last of the requests %q is not a %s", seen, test.at)
				}
				for _, request := range seen {
					if strings.HasPrefix(request, "DELETE") || strings.HasPrefix(request, "HEAD") {
						t.Errorf("request %s after the conflict", request)
					}
				}
				record := clienttest.OnlyRecord(t, memory)
				if record.Uncertain {
					t.Error("the zombie changed the record of the other run")
				}
				if _, err := memory.LoadFinished(t.Context(), record.Endpoint, record.Key); !errors.Is(err, client.ErrNoRecord) {
					t.Errorf("the zombie wrote the ledger: %v, want ErrNoRecord", err)
				}
			})
		})
	}
}

// A run that another run has overtaken does not write how much it sent into the record. The
// other run has only adopted the record so far, so its own saves are not in the way.
func TestOvertakenRunWritesNoReach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const chunks = 5
		memory := new(client.MemoryStore)
		var s *fake.Server
		var run atomic.Int32 // number of runs that have begun to send
		overtaken, ended := make(chan struct{}), make(chan struct{})
		s = fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			offset := r.Header.Get("Upload-Offset")
			switch {
			case r.Method != http.MethodPatch:
			case offset == strconv.Itoa(clienttest.ChunkSize) && run.Add(1) == 1:
				<-overtaken
				fake.Cut(0)(w, r, next)
				return
			case offset == strconv.Itoa(3*clienttest.ChunkSize):
				close(overtaken)
				<-ended
			}
			next.ServeHTTP(w, r)
		}})
		name := clienttest.WriteFile(t, clienttest.Noise(chunks*clienttest.ChunkSize))
		cfg := client.Config{Store: lockless{memory}, Ledger: memory, Once: true, ChunkSize: clienttest.ChunkSize}
		upload := func() error {
			_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
			return err
		}
		first := make(chan error, 1)
		go func() {
			first <- upload()
			close(ended)
		}()
		synctest.Wait() // the first run has sent one chunk
		if err := upload(); err != nil {
			t.Errorf("the second run failed: %v", err)
		}
		clienttest.WantErrorIs(t, <-first, client.ErrConflict)
		clienttest.WantNoRecord(t, memory)
	})
}

// A Save that got no answer, but was done, is not a conflict with another run.
func TestUnansweredSaveIsNoConflict(t *testing.T) {
	for name, fail := range map[string]string{"last byte": "save 2", "last byte, twice": "save 2 save 3"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				memory := new(client.MemoryStore)
				s := fake.New(t, fake.Config{})
				src := clienttest.PathSource(t, clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize)))
				store := &silentStore{MemoryStore: memory, fail: fail}
				res, err := clienttest.NewClient(t, s, client.Config{Store: store}).Upload(t.Context(), src, nil)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, clienttest.Noise(clienttest.RecordedSize))
				clienttest.WantNoRecord(t, memory)
			})
		})
	}
}

// silentStore saves, and returns an error nevertheless.
type silentStore struct {
	*client.MemoryStore
	fail  string
	saves int
}

func (s *silentStore) Save(ctx context.Context, r *client.Record) error {
	c := *r
	if err := s.MemoryStore.Save(ctx, &c); err != nil {
		return err
	}
	s.saves++
	if strings.Contains(s.fail, "save "+string(rune('0'+s.saves))) {
		return context.DeadlineExceeded
	}
	r.Revision = c.Revision
	return nil
}

// leaseStore is a store whose leases a test takes away.
type leaseStore struct {
	*client.MemoryStore
	lose context.CancelCauseFunc
}

func (s *leaseStore) Lease(ctx context.Context, key string) (context.Context, func() error, error) {
	unlock, err := s.Lock(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	held, end := context.WithCancelCause(context.Background())
	s.lose = end
	return held, func() error { end(nil); return unlock() }, nil
}

// An upload whose lease is lost ends at once: in a request that has no answer, in a body, in
// a wait for a retry, and before its first request.
func TestLeaseLost(t *testing.T) {
	answers := func(answer fake.Action) func(*fake.Server, *leaseStore) {
		return func(s *fake.Server, _ *leaseStore) { s.On(http.MethodPatch, answer) }
	}
	tests := map[string]func(*fake.Server, *leaseStore){
		"answer is pending":   func(s *fake.Server, _ *leaseStore) { s.On(http.MethodPatch, s.Hang(clienttest.RecordedSize)) },
		"body is pending":     func(s *fake.Server, _ *leaseStore) { s.On(http.MethodPatch, s.Hang(7)) },
		"creation is pending": func(s *fake.Server, _ *leaseStore) { s.On(http.MethodPost, s.Hang(0)) },
		"retry is pending":    answers(fake.Status(503, "", "Retry-After", "60")),
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &leaseStore{MemoryStore: new(client.MemoryStore)}
				s := fake.New(t, fake.Config{})
				prepare(s, store)
				var before client.Record
				time.AfterFunc(3*time.Second, func() {
					if list := clienttest.Records(t, store); len(list) == 1 {
						before = list[0]
					}
					store.lose(client.ErrLeaseLost)
				})
				began := time.Now()
				src := clienttest.PathSource(t, clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize)))
				_, err := clienttest.NewClient(t, s, client.Config{Store: store}).Upload(t.Context(), src, nil)
				clienttest.WantErrorIs(t, err, client.ErrLeaseLost)
				if errors.Is(err, context.Canceled) {
					t.Errorf("error %v looks like a canceled upload", err)
				}
				if took := time.Since(began); took != 3*time.Second {
					t.Errorf("took %v, want %v", took, 3*time.Second)
				}
				if n := len(s.Seen()); n > 2 {
					t.Errorf("requests %q after the lease was lost", s.Seen())
				}
				if before.Key != "" {
					clienttest.WantRecord(t, store, before)
				}
			})
		})
	}
}

// No byte of the source is read for the network after the lease was lost, although the
// transport still asks for it.
func TestLeaseLostInBody(t *testing.T) {
	store := &leaseStore{MemoryStore: new(client.MemoryStore)}
	s := fake.New(t, fake.Config{})
	var after int64
	var failed error
	cfg := client.Config{Store: store, Doer: transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
		if req.Method != http.MethodPatch {
			return s.Doer().Do(req)
		}
		if _, err := io.ReadFull(req.Body, make([]byte, 100)); err != nil {
			t.Error(err)
		}
		store.lose(client.ErrLeaseLost)
		<-req.Context().Done()
		after, failed = io.Copy(io.Discard, req.Body)
		return nil, failed
	})}
	src := clienttest.PathSource(t, clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize)))
	_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), src, nil)
	clienttest.WantErrorIs(t, err, client.ErrLeaseLost)
	if after != 0 || !errors.Is(failed, client.ErrLeaseLost) {
		t.Errorf("%d bytes and error %v after the lease was lost", after, failed)
	}
}

// A run that takes a record over saves it at once, so that the earlier holder of the lease
// cannot save any more.
func TestLeaseTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &leaseStore{MemoryStore: new(client.MemoryStore)}
		s := fake.New(t, fake.Config{})
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
		clienttest.InterruptUpload(t, s, store, name)
		zombie := clienttest.OnlyRecord(t, store)
		s.On(http.MethodHead, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if err := store.Save(r.Context(), &zombie); !errors.Is(err, client.ErrConflict) {
				t.Errorf("the earlier holder can still save: %v", err)
			}
			next.ServeHTTP(w, r)
		})
		res := clienttest.UploadFile(t, s, client.Config{Store: store}, name)
		if res.Resumed == 0 {
			t.Errorf("result %+v, want that of a resumed upload", res)
		}
	})
}
