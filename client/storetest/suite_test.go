package storetest_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) journal.Store { return new(journal.MemoryStore) })
}

// plainStore is a Store without optional interfaces.
type plainStore struct{ journal.Store }

func TestStoreWithoutOptionalInterfaces(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) journal.Store { return plainStore{new(journal.MemoryStore)} })
}

// TestLeasingStore checks a Store with leases that works.
func TestLeasingStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) journal.Store { return newLeasing(new(altered)) }, storetest.LoseLease(loseLease))
}

func TestReopen(t *testing.T) {
	var opened, reopened []journal.Store
	storetest.Run(t, func(*testing.T) journal.Store {
		s := new(journal.MemoryStore)
		opened = append(opened, s)
		return s
	}, storetest.Reopen(func(t *testing.T, s journal.Store) journal.Store {
		t.Helper()
		if err := s.Delete(t.Context(), "k", ""); err != nil {
			t.Error(err)
		}
		reopened = append(reopened, s)
		return s
	}))
	if len(opened) == 0 || len(opened) != len(reopened) {
		t.Errorf("%d stores opened, %d reopened", len(opened), len(reopened))
	}
	for i := range opened {
		if opened[i] != reopened[i] {
			t.Errorf("store %d: Reopen got another one", i)
		}
	}
}
