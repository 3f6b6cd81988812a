package jobtest_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded"
	"github.com/tusker-go/tusker/client/fleet/embedded/internal/jobtest"
	"github.com/tusker-go/tusker/client/internal/fake"
)

// Workers survive restarts of the engine at any time, and each file is finished once.
func TestEngineRestarts(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		time.Sleep(2 * time.Millisecond) // so that restarts meet all steps
		next.ServeHTTP(w, r)
	}})
	f := jobtest.NewFolder(t, 300, 0, 100, 5000, 100_000)
	job := e.Open(t, "archive", fleet.Config{Lease: 2 * time.Second})
	jobtest.Add(t, job, f.Items)
	ctx, cancel := context.WithTimeout(t.Context(), jobtest.Patience)
	defer cancel()
	var workers sync.WaitGroup
	for range 3 {
		other := e.Open(t, "archive", fleet.Config{})
		workers.Go(func() {
			if err := other.Work(ctx, f.Worker(s)); err != nil {
				t.Error(err)
			}
		})
	}
	for range 3 {
		time.Sleep(150 * time.Millisecond)
		e.Stop()
		e.Start(t)
	}
	workers.Wait()
	f.WantDelivered(t, job, s)
	st, err := job.Status(t.Context())
	if err != nil || st.Done != int64(len(f.Items)) || st.Bytes > st.AddedBytes {
		t.Errorf("status %+v, error %v", st, err)
	}
}

// An engine that does not answer, is full, wants credentials or is no engine is one clear
// error each.
func TestEngineErrors(t *testing.T) {
	t.Parallel()
	t.Run("unreachable", func(t *testing.T) {
		if _, err := fleet.Connect("nats://127.0.0.1:1"); !errors.Is(err, fleet.ErrEngineUnreachable) {
			t.Errorf("error %v", err)
		}
		e := jobtest.NewEngine(t, embedded.Config{})
		js := e.Connect(t)
		job := e.Open(t, "archive", fleet.Config{EngineTimeout: time.Second})
		e.Stop()
		if _, err := fleet.Open(t.Context(), js, "archive", fleet.Config{EngineTimeout: time.Second}); !errors.Is(err, fleet.ErrEngineUnreachable) {
			t.Errorf("Open: error %v", err)
		}
		f := jobtest.NewFolder(t, 1, 1)
		s := fake.New(t, fake.Config{})
		if err := job.Work(t.Context(), f.Worker(s)); !errors.Is(err, fleet.ErrEngineUnreachable) {
			t.Errorf("Work: error %v", err)
		}
		if _, err := job.Status(t.Context()); !errors.Is(err, fleet.ErrEngineUnreachable) {
			t.Errorf("Status: error %v", err)
		}
		if _, err := job.Add(t.Context(), jobtest.Seq(f.Items), nil); !errors.Is(err, fleet.ErrEngineUnreachable) {
			t.Errorf("Add: error %v", err)
		}
	})
	t.Run("credentials", func(t *testing.T) {
		e := jobtest.NewEngine(t, embedded.Config{Token: "secret"})
		if _, err := fleet.Connect("nats://" + e.Config.Listen); !errors.Is(err, fleet.ErrUnauthorized) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("full", func(t *testing.T) {
		e := jobtest.NewEngine(t, embedded.Config{})
		job := e.Open(t, "archive", fleet.Config{MaxBytes: 100_000})
		var items []fleet.Item
		for i := range 5000 {
			items = append(items, fleet.Item{Path: string(rune('a'+i/676)) + string(rune('a'+i/26%26)) + string(rune('a'+i%26)), Size: 1})
		}
		added, err := job.Add(t.Context(), jobtest.Seq(items), nil)
		if !errors.Is(err, fleet.ErrEngineFull) {
			t.Errorf("added %+v, error %v", added, err)
		}
		if st, err := job.Status(t.Context()); err != nil || st.Queued != added.Items || !st.Adding {
			t.Errorf("added %+v, status %+v, error %v", added, st, err)
		}
	})
}

// A worker ends with one clear error if the engine gets full. No item is lost, and none is sent
// without a record.
func TestEngineFullDuringWork(t *testing.T) {
	t.Parallel()
	e, s, f, job := jobtest.NewJob(t, fleet.Config{MaxBytes: 20_000}, 100, 10)
	w := f.Worker(s)
	w.Drain = time.Second
	ctx, cancel := context.WithTimeout(t.Context(), jobtest.Patience)
	defer cancel()
	if err := job.Work(ctx, w); !errors.Is(err, fleet.ErrEngineFull) {
		t.Errorf("error %v, want %v", err, fleet.ErrEngineFull)
	}
	st, err := job.Status(t.Context())
	if err != nil || st.Failed != 0 || st.Done == 0 || st.Done+st.Queued+st.InFlight < 100 {
		t.Errorf("status %+v, error %v", st, err)
	}
	sent := map[string]bool{}
	for _, url := range jobtest.Uploads(s) {
		sent[url] = true
	}
	stream, err := e.Connect(t).Stream(t.Context(), "KV_TUSKER_archive_records")
	if err != nil {
		t.Fatal(err)
	}
	if records := stream.CachedInfo().State.NumSubjects; uint64(len(sent)) > records {
		t.Errorf("%d uploads got bytes, and there are %d records", len(sent), records)
	}
}

// A request that was on its way when the engine ended has no answer. It is sent again, so that
// Open and Status wait only for the engine.
func TestUnansweredRequest(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	e.Open(t, "archive", fleet.Config{})
	js, err := jetstream.NewWithAPIPrefix(e.Connect(t).Conn(), "PROXY.API")
	if err != nil {
		t.Fatal(err)
	}
	// The proxy loses two requests.
	lost := 0
	if _, err := js.Conn().Subscribe("PROXY.API.>", func(msg *nats.Msg) {
		if strings.Contains(msg.Subject, ".STREAM.INFO.") && lost < 2 {
			lost++
			return
		}
		_ = js.Conn().PublishRequest("$JS.API."+strings.TrimPrefix(msg.Subject, "PROXY.API."), msg.Reply, msg.Data)
	}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	job, err := fleet.Open(t.Context(), js, "archive", fleet.Config{EngineTimeout: 20 * time.Second})
	if err != nil {
		t.Fatalf("error %v after %v", err, time.Since(began))
	}
	f := jobtest.NewFolder(t, 10, 100)
	s := fake.New(t, fake.Config{})
	jobtest.Add(t, job, f.Items)
	jobtest.Work(t, job, f.Worker(s))
	f.WantDelivered(t, job, s)
}
