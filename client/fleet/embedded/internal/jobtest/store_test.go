package jobtest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded"
	"github.com/tusker-go/tusker/client/fleet/embedded/internal/jobtest"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/storetest"
)

// The store of a job keeps the contract of records, leases and finished uploads.
func TestStore(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	jobs := 0
	storetest.Run(t, func(t *testing.T) storetest.Config {
		t.Helper()
		jobs++
		name := "store" + string(rune('a'+jobs/26)) + string(rune('a'+jobs%26))
		store := e.Open(t, name, fleet.Config{Lease: 4 * time.Second}).Store()
		return storetest.Config{
			Store:  store,
			Reopen: func(t *testing.T) journal.Store { t.Helper(); return e.Open(t, name, fleet.Config{}).Store() },
			LoseLease: func(t *testing.T, key string) {
				t.Helper()
				stream, err := e.Connect(t).Stream(t.Context(), "KV_TUSKER_"+name+"_records")
				if err != nil {
					t.Fatal(err)
				}
				subject := "$KV.TUSKER_" + name + "_records.own.lock." + key
				if err := stream.Purge(t.Context(), jetstream.WithPurgeSubject(subject)); err != nil {
					t.Fatal(err)
				}
			},
			Patience: jobtest.Patience,
		}
	})
}

// A client with the store of a job sends a file once, also a second client on another
// connection, and an engine that does not answer sends nothing.
func TestStoreOnce(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	s := fake.New(t, fake.Config{})
	src := clienttest.PathSource(t, clienttest.WriteFile(t, clienttest.Noise(100_000)))
	upload := func() (*client.Result, error) {
		store := e.Open(t, "archive", fleet.Config{}).Store()
		c := clienttest.NewClient(t, s, client.Config{Store: store, Ledger: store, Once: true})
		return c.Upload(t.Context(), src, nil)
	}
	first, err := upload()
	if err != nil {
		t.Fatal(err)
	}
	second, err := upload()
	if err != nil || !second.Skipped || second.URL != first.URL {
		t.Errorf("result %+v, error %v, want one that was skipped", second, err)
	}
	store := e.Open(t, "archive", fleet.Config{}).Store()
	e.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := store.Load(ctx, "k"); !errors.Is(err, fleet.ErrEngineUnreachable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}
