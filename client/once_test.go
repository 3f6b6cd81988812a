package client_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/retry"
)

// onceConfig sends each file once.
func onceConfig(store client.Store, ledger client.Ledger) client.Config {
	return client.Config{Store: store, Ledger: ledger, Once: true, Retry: retry.Never}
}

// With Once, a file of any size has a record with its URL when its first byte arrives, and a
// mark when its last byte does. An empty file is not complete with its creation.
func TestOnceRecordsBeforeTheFirstByte(t *testing.T) {
	for name, size := range map[string]int{"empty": 0, "one byte": 1, "small": 5, "large": clienttest.RecordedSize} {
		for _, parallel := range []int{0, client.ParallelAuto} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var store client.MemoryStore
					s := clienttest.NewInlineServer(t, fake.Config{})
					data := clienttest.Noise(size)
					s.On(http.MethodPost, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
						if got := clienttest.OnlyRecord(t, &store); got.URL != "" {
							t.Errorf("there is a record of %s before the creation, want \"\"", got.URL)
						}
						next.ServeHTTP(w, r)
					})
					s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
						if got := clienttest.OnlyRecord(t, &store); got.URL == "" {
							t.Error("the record has no URL before the first byte")
						}
						next.ServeHTTP(w, r)
						if got := clienttest.OnlyRecord(t, &store); !got.Uncertain {
							t.Error("the record lacks the mark for the last byte")
						}
					})
					c := clienttest.NewLearnedClient(t, s, onceConfig(&store, &store))
					res, err := c.Upload(t.Context(), clienttest.PathSource(t, clienttest.WriteFile(t, data)), &client.UploadOptions{Parallel: parallel})
					if err != nil {
						t.Fatal(err)
					}
					clienttest.WantStored(t, s, res.URL, data)
					clienttest.WantNoRecord(t, &store)
					if n := s.Seen(); len(n) != 3 {
						t.Errorf("requests %q, want OPTIONS, POST and PATCH", n)
					}
				})
			})
		}
	}
}

// With Once, a store or ledger that fails ends the upload before anything is created, or
// before the byte that the failed call is for.
func TestOnceWithoutStore(t *testing.T) {
	errDisk := errors.New("no space left on device")
	tests := map[string]struct {
		fail     string // the call that fails, with its number
		requests []string
	}{
		"lock":        {"lock 1", nil},
		"load":        {"load 1", nil},
		"reservation": {"save 1", nil},
		"URL":         {"save 2", []string{"POST /files/"}},
		"last byte":   {"save 3", []string{"POST /files/", "PATCH /files/1 0+4"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				counts := make(map[string]int)
				memory := new(client.MemoryStore)
				store := &clienttest.SpyStore{Store: memory, Fail: func(method string) error {
					counts[method]++
					if method+" "+string(rune('0'+counts[method])) == test.fail {
						return errDisk
					}
					return nil
				}}
				s := fake.New(t, fake.Config{})
				name := clienttest.WriteFile(t, "hello")
				res, err := clienttest.NewClient(t, s, onceConfig(store, memory)).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				clienttest.WantErrorIs(t, err, client.ErrUnrecorded, errDisk)
				if !retry.Retryable(err) && test.fail != "save 3" {
					t.Errorf("error %v is not retryable", err)
				}
				clienttest.WantRequests(t, s, test.requests...)
				if res.Skipped {
					t.Error("the upload counts as skipped")
				}
				// A later run sends the file once.
				res, err = clienttest.NewClient(t, s, onceConfig(memory, memory)).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, "hello")
				clienttest.WantNoRecord(t, memory)
			})
		})
	}
	t.Run("ledger", func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		store, ledger := new(client.MemoryStore), brokenLedger{err: errDisk}
		src := clienttest.PathSource(t, clienttest.WriteFile(t, "hello"))
		_, err := clienttest.NewClient(t, s, onceConfig(store, ledger)).Upload(t.Context(), src, nil)
		clienttest.WantErrorIs(t, err, client.ErrUnrecorded, errDisk)
		clienttest.WantRequests(t, s)
	})
}

// With Once, an upload whose last byte was sent, and which is gone in the next run, is sent
// again only if an answer to that byte says that the upload is not complete.
func TestOnceIsUncertainWithoutAnswer(t *testing.T) {
	tests := map[string]struct {
		patch     fake.Action
		head      fake.Action // nil: there is no HEAD in the first run
		uncertain bool
	}{
		"connection lost":                {fake.Lose, nil, true},
		"connection lost, HEAD refused":  {fake.Lose, fake.Status(401, "no"), true},
		"answer of a gateway":            {fake.Status(502, ""), nil, true},
		"refused":                        {fake.Status(403, "no"), nil, false},
		"disk full":                      {fake.Status(507, ""), nil, false},
		"connection lost before the end": {fake.Cut(7), nil, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				data := clienttest.Noise(clienttest.RecordedSize)
				src := clienttest.PathSource(t, clienttest.WriteFile(t, data))
				s.On(http.MethodPatch, test.patch)
				cfg := onceConfig(&store, &store)
				if test.head != nil {
					s.On(http.MethodHead, test.head)
					cfg.Retry = retry.Backoff{MaxAttempts: 2}
				}
				_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), src, nil)
				if err == nil {
					t.Fatal("no error")
				}
				if r := clienttest.OnlyRecord(t, &store); r.Uncertain != test.uncertain {
					t.Errorf("error %v, record %+v, want uncertain %t", err, r, test.uncertain)
				}
				s.On(http.MethodHead, fake.Status(404, ""))
				_, err = clienttest.NewClient(t, s, cfg).Upload(t.Context(), src, nil)
				if test.uncertain {
					clienttest.WantErrorIs(t, err, client.ErrUncertain)
				} else if err != nil {
					t.Error(err)
				}
				if n, want := s.Count(), map[bool]int{true: 1, false: 2}[test.uncertain]; n != want {
					t.Errorf("%d uploads were created, want %d", n, want)
				}
			})
		})
	}
}

// brokenLedger fails.
type brokenLedger struct {
	client.Ledger
	err error
}

func (l brokenLedger) LoadFinished(context.Context, string, string) (*client.Record, error) {
	return nil, l.err
}

// With Once, a source that has no record is refused for good.
func TestOnceRefuses(t *testing.T) {
	s := fake.New(t, fake.Config{})
	var store client.MemoryStore
	c := clienttest.NewClient(t, s, onceConfig(&store, &store))
	for name, src := range map[string]client.Source{
		"stream": clienttest.SizedStream("hello", 5), "bytes": clienttest.TextSource(t, "hello"),
	} {
		_, err := c.Upload(t.Context(), src, nil)
		clienttest.WantErrorIs(t, err, client.ErrUnrecorded)
		if retry.Retryable(err) {
			t.Errorf("%s: error %v is retryable", name, err)
		}
	}
	_, err := c.UploadConcat(t.Context(), []client.Source{clienttest.TextSource(t, "hello")}, nil)
	clienttest.WantErrorIs(t, err, client.ErrUnrecorded)
	clienttest.WantRequests(t, s)
	for _, cfg := range []client.Config{{Once: true}, {Once: true, Store: &store}, {Once: true, Ledger: &store}} {
		if _, err := client.New(cfg); !errors.Is(err, client.ErrInvalidOption) {
			t.Errorf("%+v: error %v, want %v", cfg, err, client.ErrInvalidOption)
		}
	}
}

// dyingStore fails from its first Delete on, as if the process was killed there.
type dyingStore struct {
	*client.MemoryStore
	dead bool
}

func (s *dyingStore) Delete(context.Context, string, string) error {
	s.dead = true
	return errors.New("killed")
}

// A run that is killed before it removes the record has written the ledger. The next run
// removes the record and sends nothing.
func TestKilledBetweenLedgerAndRecord(t *testing.T) {
	for name, once := range map[string]bool{"once": true, "not once": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				memory := new(client.MemoryStore)
				s := fake.New(t, fake.Config{})
				name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
				cfg := onceConfig(&dyingStore{MemoryStore: memory}, memory)
				cfg.Once = once
				first, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.OnlyRecord(t, memory)
				already := len(s.Seen())
				cfg.Store = memory
				res := clienttest.UploadFile(t, s, cfg, name)
				if !res.Skipped || res.URL != first.URL {
					t.Errorf("result %+v, want one that was skipped", res)
				}
				clienttest.WantNoRecord(t, memory)
				if seen := s.Seen()[already:]; len(seen) != 1 || seen[0] != "HEAD /files/1" {
					t.Errorf("requests %q, want HEAD only", seen)
				}
			})
		})
	}
}

// The ledger is written before the record is removed, and a ledger that fails keeps the
// record.
func TestLedgerBeforeRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := new(client.MemoryStore)
		ledger := &clienttest.Ledger{}
		s := fake.New(t, fake.Config{})
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
		store := &clienttest.SpyStore{Store: memory, Fail: func(method string) error {
			if method == "delete" && len(ledger.Records) == 0 {
				t.Error("the record is removed before the ledger is written")
			}
			return nil
		}}
		cfg := client.Config{Store: store, Ledger: ledger}
		ledger.Err = errors.New("no disk")
		first := clienttest.UploadFile(t, s, cfg, name)
		clienttest.OnlyRecord(t, memory)
		ledger.Err = nil
		if res := clienttest.UploadFile(t, s, cfg, name); res.URL != first.URL || res.Sent != 0 {
			t.Errorf("result %+v, want that of the first upload", res)
		}
		clienttest.WantNoRecord(t, memory)
	})
}

// deadlineStore checks that each call has a deadline.
type deadlineStore struct {
	*client.MemoryStore
	t     *testing.T
	calls int
}

func (s *deadlineStore) check(ctx context.Context, call string) {
	s.calls++
	if at, ok := ctx.Deadline(); !ok || time.Until(at) > 10*time.Second {
		s.t.Errorf("%s: deadline %v, %t, want one within 10 s", call, at, ok)
	}
}

func (s *deadlineStore) Load(ctx context.Context, key string) (*client.Record, error) {
	s.check(ctx, "Load")
	return s.MemoryStore.Load(ctx, key)
}

func (s *deadlineStore) Save(ctx context.Context, r *client.Record) error {
	s.check(ctx, "Save")
	return s.MemoryStore.Save(ctx, r)
}

func (s *deadlineStore) Delete(ctx context.Context, key, revision string) error {
	s.check(ctx, "Delete")
	return s.MemoryStore.Delete(ctx, key, revision)
}

func (s *deadlineStore) Lock(ctx context.Context, key string) (func() error, error) {
	s.check(ctx, "Lock")
	return s.MemoryStore.Lock(ctx, key)
}

func (s *deadlineStore) LoadFinished(ctx context.Context, endpoint, key string) (*client.Record, error) {
	s.check(ctx, "LoadFinished")
	return s.MemoryStore.LoadFinished(ctx, endpoint, key)
}

func (s *deadlineStore) SaveFinished(ctx context.Context, r *client.Record) error {
	s.check(ctx, "SaveFinished")
	return s.MemoryStore.SaveFinished(ctx, r)
}

// Every call to a store or ledger has a deadline.
func TestStoreCallsHaveDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &deadlineStore{MemoryStore: new(client.MemoryStore), t: t}
		s := fake.New(t, fake.Config{})
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
		cfg := client.Config{Store: store, Ledger: store, Retry: retry.Never}
		s.On(http.MethodPatch, fake.Cut(7))
		if _, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil); err == nil {
			t.Fatal("no error")
		}
		clienttest.UploadFile(t, s, cfg, name)
		clienttest.UploadFile(t, s, cfg, name)
		if _, err := clienttest.NewClient(t, s, cfg).Lookup(t.Context(), clienttest.PathSource(t, name)); err != nil {
			t.Fatal(err)
		}
		if store.calls < 10 {
			t.Errorf("%d calls, want at least 10", store.calls)
		}
	})
}

// A file that was modified just now is watched before it is recorded and sent.
func TestOnceSettlesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.SampledSize))
		clienttest.SetModified(t, name, time.Now())
		began := time.Now()
		s.On(http.MethodPost, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if time.Since(began) < time.Second {
				t.Errorf("created after %v, want at least %v", time.Since(began), time.Second)
			}
			next.ServeHTTP(w, r)
		})
		cfg := onceConfig(&store, &store)
		clienttest.UploadFile(t, s, cfg, name)
		if res := clienttest.UploadFile(t, s, cfg, name); !res.Skipped {
			t.Errorf("result %+v, want one that was skipped", res)
		}
	})
}

// With Once, no run deletes an upload: another run may have finished it.
func TestOnceDeletesNothing(t *testing.T) {
	for name, act := range map[string]func(t *testing.T, c *client.Client, file string){
		"file changes": func(t *testing.T, c *client.Client, file string) {
			t.Helper()
			_, err := c.Upload(t.Context(), clienttest.PathSource(t, file), &client.UploadOptions{
				ChunkSize: clienttest.ChunkSize, OnEvent: func(ev client.Event) {
					if ev.Kind == client.EventProgress {
						clienttest.SetModified(t, file, time.Now().Add(-time.Hour))
					}
				},
			})
			clienttest.WantErrorIs(t, err, client.ErrSourceChanged)
		},
		"starts over": func(t *testing.T, c *client.Client, file string) {
			t.Helper()
			opts := &client.UploadOptions{Parallel: 4, Recreate: client.RecreateAlways}
			if _, err := c.Upload(t.Context(), clienttest.PathSource(t, file), opts); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				file := clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize))
				c := clienttest.NewClient(t, s, onceConfig(&store, &store))
				if name == "starts over" {
					s.On(http.MethodPatch, fake.Status(403, "no"))
					opts := &client.UploadOptions{Parallel: 4}
					if _, err := c.Upload(t.Context(), clienttest.PathSource(t, file), opts); err == nil {
						t.Fatal("no error")
					}
				}
				act(t, c, file)
				for _, r := range s.Requests() {
					if r.Method == http.MethodDelete {
						t.Errorf("request %s, want no DELETE", r)
					}
				}
			})
		})
	}
}
