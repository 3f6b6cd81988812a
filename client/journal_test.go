package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

const (
	// smallest is the size of the smallest file that has a record.
	smallest = 1<<20 + 1

	// half is a chunk of which that file has two and a byte.
	half = 1 << 19
)

// The requests of an upload in chunks of half, in their order.
const (
	post   = "POST /files/"
	head   = "HEAD /files/1"
	patch1 = "PATCH /files/1 0+524288"
	patch2 = "PATCH /files/1 524288+524288"
	patch3 = "PATCH /files/1 1048576+1"
)

// path is a source of the file called name.
func path(t *testing.T, name string) client.Source {
	t.Helper()
	src, err := client.Path(name)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// stored lists the records of a store.
func stored(t *testing.T, store client.Lister) []client.Record {
	t.Helper()
	var list []client.Record
	for r, err := range store.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, *r)
	}
	return list
}

// onlyRecord is the one record of a store.
func onlyRecord(t *testing.T, store client.Lister) client.Record {
	t.Helper()
	list := stored(t, store)
	if len(list) != 1 {
		t.Fatalf("%d records, want 1: %+v", len(list), list)
	}
	return list[0]
}

// wantRecordAsBefore sees that the one record there is has not changed.
func wantRecordAsBefore(t *testing.T, store client.Lister, before client.Record) {
	t.Helper()
	if diff := cmp.Diff(before, onlyRecord(t, store)); diff != "" {
		t.Errorf("record (-before +after):\n%s", diff)
	}
}

func wantNoRecord(t *testing.T, store client.Lister) {
	t.Helper()
	if list := stored(t, store); len(list) > 0 {
		t.Errorf("records %+v, want none", list)
	}
}

// wantFree checks that nobody holds the lock of a record.
func wantFree(t *testing.T, store client.Store, key string) {
	t.Helper()
	unlock, err := store.Lock(t.Context(), key)
	if err != nil {
		t.Fatalf("the lock was kept: %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
}

// recorder is a client that keeps records, sends chunks of half, does not
// retry, and logs to log unless it is nil.
func recorder(t *testing.T, s *fake.Server, store client.Store, log *bytes.Buffer) *client.Client {
	t.Helper()
	return newClient(t, s, recording(store, log))
}

func recording(store client.Store, log *bytes.Buffer) client.Config {
	cfg := client.Config{Store: store, ChunkSize: half, Retry: retry.Never}
	if log != nil {
		cfg.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return cfg
}

// interrupt uploads the file called name until the connection breaks in its
// second chunk, of which the server keeps 7 bytes.
func interrupt(t *testing.T, s *fake.Server, store client.Store, name string) *client.Result {
	t.Helper()
	s.On(http.MethodPatch, nil, fake.Cut(7))
	res, err := recorder(t, s, store, nil).Upload(t.Context(), path(t, name), nil)
	wantIs(t, err, retry.ErrExhausted)
	return res
}

// wantLogged checks that a record of this level and message was logged once,
// and gives its line.
func wantLogged(t *testing.T, log *bytes.Buffer, level slog.Level, message string) string {
	t.Helper()
	start := "level=" + level.String() + " msg=\"" + message + "\""
	found := ""
	for line := range strings.Lines(log.String()) {
		if !strings.Contains(line, start) {
			continue
		}
		if found != "" {
			t.Errorf("%q was logged twice", message)
		}
		found = line
	}
	if found == "" {
		t.Errorf("%q was not logged:\n%s", start, log)
	}
	return found
}

// wantNoWarning checks that nothing was worth a warning.
func wantNoWarning(t *testing.T, log *bytes.Buffer) {
	t.Helper()
	if strings.Contains(log.String(), "level="+slog.LevelWarn.String()) {
		t.Errorf("warnings:\n%s", log)
	}
}

const notResumable = "upload cannot be resumed by a later run"

// The record is there before the first byte goes, stays as it is while all is
// well, and is gone after success.
func TestRecordOfAnUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		expires := time.Now().Add(time.Hour)
		var store client.MemoryStore
		var seen []client.Record
		s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == http.MethodPatch {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				r.Body = io.NopCloser(bytes.NewReader(body))
				seen = append(seen, onlyRecord(t, &store))
				time.Sleep(time.Second)
			} else {
				wantNoRecord(t, &store)
			}
			next.ServeHTTP(w, r)
		}})
		s.On(http.MethodPost, fake.With("Upload-Expires", expires.Format(http.TimeFormat)))
		data := noise(smallest)
		name := write(t, data)
		began := time.Now().UTC()
		var log bytes.Buffer
		res, err := recorder(t, s, &store, &log).Upload(t.Context(), path(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, res.URL, data)
		wantNoRecord(t, &store)
		wantNoWarning(t, &log)
		if len(seen) != 3 {
			t.Fatalf("%d requests with a record, want 3", len(seen))
		}
		want := client.Record{
			Key: seen[0].Key, Endpoint: s.URL, URL: res.URL, Source: name, Length: protocol.Known(smallest),
			Created: began, Updated: began, Expires: expires.UTC(),
		}
		for i, r := range seen {
			if i == 2 { // the last byte has arrived
				want.Uncertain, want.Updated = true, began.Add(2*time.Second)
			}
			if diff := cmp.Diff(want, r); diff != "" {
				t.Errorf("record at PATCH %d (-want +got):\n%s", i+1, diff)
			}
		}
		wantFree(t, &store, seen[0].Key)
	})
}

func TestFileHasRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		name := write(t, noise(smallest))
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		src, err := client.File(f)
		if err != nil {
			t.Fatal(err)
		}
		s.On(http.MethodPatch, fake.Cut(0))
		_, err = recorder(t, s, &store, nil).Upload(t.Context(), src, nil)
		wantIs(t, err, retry.ErrExhausted)
		r := onlyRecord(t, &store)
		// The file is the same one, however it is named.
		res, err := recorder(t, s, &store, nil).Upload(t.Context(), path(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		if res.URL != r.URL {
			t.Errorf("went on at %s, want %s", res.URL, r.URL)
		}
		wantNoRecord(t, &store)
	})
}

func TestNoRecord(t *testing.T) {
	big := noise(smallest)
	tests := map[string]func(t *testing.T, c *client.Client) error{
		"small file": func(t *testing.T, c *client.Client) error {
			t.Helper()
			_, err := c.Upload(t.Context(), path(t, write(t, big[:smallest-1])), nil)
			return err
		},
		"empty file": func(t *testing.T, c *client.Client) error {
			t.Helper()
			_, err := c.Upload(t.Context(), path(t, write(t, "")), nil)
			return err
		},
		"stream": func(t *testing.T, c *client.Client) error {
			t.Helper()
			_, err := c.Upload(t.Context(), stream(big, 0), nil)
			return err
		},
		"stream of known length": func(t *testing.T, c *client.Client) error {
			t.Helper()
			_, err := c.Upload(t.Context(), stated(big, smallest), nil)
			return err
		},
		"file of an FS": func(t *testing.T, c *client.Client) error {
			t.Helper()
			src, err := client.FS(fstest.MapFS{"a": {Data: []byte(big)}}, "a")
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Upload(t.Context(), src, nil)
			return err
		},
		"ReaderAt": func(t *testing.T, c *client.Client) error {
			t.Helper()
			_, err := c.Upload(t.Context(), text(t, big), nil)
			return err
		},
		"parts": func(t *testing.T, c *client.Client) error {
			t.Helper()
			src := path(t, write(t, big))
			_, err := c.UploadConcat(t.Context(), []client.Source{src, src}, nil)
			return err
		},
		"known URL": func(t *testing.T, c *client.Client) error {
			t.Helper()
			src := path(t, write(t, big))
			reply, err := c.Create(t.Context(), protocol.Creation{Length: src.Length()}, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Resume(t.Context(), reply.State.Location, src, nil)
			return err
		},
	}
	for name, upload := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				store := &spyStore{Store: new(client.MemoryStore)}
				if err := upload(t, recorder(t, s, store, nil)); err != nil {
					t.Error(err)
				}
				// Nor is the failure of such an upload worth one.
				s.On(http.MethodPatch, fake.Cut(0), fake.Cut(0))
				if err := upload(t, recorder(t, s, store, nil)); err == nil && name != "empty file" {
					t.Error("no error")
				}
				if len(store.calls) > 0 {
					t.Errorf("the store was called: %q", store.calls)
				}
			})
		})
	}
}

// spyStore notes which methods are called, and fails where fail says so.
type spyStore struct {
	client.Store
	calls []string
	fail  func(method string) error // nil: never
}

func (s *spyStore) call(method string) error {
	s.calls = append(s.calls, method)
	if s.fail == nil {
		return nil
	}
	return s.fail(method)
}

func (s *spyStore) Load(ctx context.Context, key string) (*client.Record, error) {
	if err := s.call("load"); err != nil {
		return nil, err
	}
	return s.Store.Load(ctx, key)
}

func (s *spyStore) Save(ctx context.Context, r *client.Record) error {
	if err := s.call("save"); err != nil {
		return err
	}
	return s.Store.Save(ctx, r)
}

func (s *spyStore) Delete(ctx context.Context, key string) error {
	if err := s.call("delete"); err != nil {
		return err
	}
	return s.Store.Delete(ctx, key)
}

func (s *spyStore) Lock(ctx context.Context, key string) (func() error, error) {
	if err := s.call("lock"); err != nil {
		return nil, err
	}
	unlock, err := s.Store.Lock(ctx, key)
	if err != nil {
		return nil, err
	}
	return func() error { return errors.Join(s.call("unlock"), unlock()) }, nil
}

// A record is written as little as needed: once at the beginning, once before the last
// byte, and once if the upload fails. It is looked for under its key and under the key of
// earlier versions.
func TestStoreIsUsedSparingly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		store := &spyStore{Store: new(client.MemoryStore)}
		name := write(t, noise(smallest))
		interrupt(t, s, store, name)
		if diff := cmp.Diff([]string{"lock", "load", "load", "save", "save", "unlock"}, store.calls); diff != "" {
			t.Errorf("calls of a run that failed (-want +got):\n%s", diff)
		}
		store.calls = nil
		if _, err := recorder(t, s, store, nil).Upload(t.Context(), path(t, name), nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"lock", "load", "save", "delete", "unlock"}, store.calls); diff != "" {
			t.Errorf("calls of the run that ended it (-want +got):\n%s", diff)
		}
	})
}

// An upload that was complete before it was cancelled is done with.
func TestRecordIsRemovedThoughCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		data := noise(smallest)
		ctx, cancel := context.WithCancel(t.Context())
		s.On(http.MethodPatch, nil, nil, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			time.Sleep(time.Second) // so that the progress is not held back
			next.ServeHTTP(w, r)
		})
		res, err := recorder(t, s, &store, nil).Upload(ctx, path(t, write(t, data)), &client.UploadOptions{OnEvent: func(ev client.Event) {
			if ev.Offset == smallest {
				cancel()
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		if ctx.Err() == nil {
			t.Fatal("it was not cancelled in time")
		}
		wantStored(t, s, res.URL, data)
		wantNoRecord(t, &store)
	})
}
