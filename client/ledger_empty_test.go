package client_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
)

// emptiable is a ledger that says whether it is empty, and counts the questions for records.
type emptiable struct {
	client.MemoryStore
	empty bool
	asked atomic.Int64
}

func (e *emptiable) IsEmpty() bool { return e.empty }

func (e *emptiable) LoadFinished(ctx context.Context, endpoint, key string) (*client.Record, error) {
	e.asked.Add(1)
	return e.MemoryStore.LoadFinished(ctx, endpoint, key)
}

// A ledger that is empty is not asked for a record, and gets the records of finished uploads.
func TestEmptyLedger(t *testing.T) {
	s := fake.New(t, fake.Config{})
	ledger := &emptiable{empty: true}
	c := clienttest.NewClient(t, s, client.Config{Ledger: ledger})
	name := clienttest.WriteFile(t, "hello")
	upload := func() *client.Result {
		t.Helper()
		src, err := client.Path(name)
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.Upload(t.Context(), src, nil)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	if upload().Skipped || ledger.asked.Load() != 0 {
		t.Errorf("an empty ledger was asked %d times, want 0 and Skipped false", ledger.asked.Load())
	}
	ledger.empty = false
	if !upload().Skipped || ledger.asked.Load() == 0 {
		t.Error("the first upload was not recorded")
	}
}
