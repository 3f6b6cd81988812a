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
	storetest.Run(t, func(*testing.T) storetest.Config { return storetest.Config{Store: new(journal.MemoryStore)} })
}

// plainStore is a Store without optional interfaces.
type plainStore struct{ journal.Store }

func TestStoreWithoutOptionalInterfaces(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) storetest.Config {
		return storetest.Config{Store: plainStore{new(journal.MemoryStore)}}
	})
}

// TestLeasingStore checks a Store with leases that works.
func TestLeasingStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) storetest.Config {
		s := newLeasing(new(altered))
		return storetest.Config{Store: s, LoseLease: s.lose}
	})
}

// TestReopen checks that each subtest has a Store of its own, and a second handle on it.
func TestReopen(t *testing.T) {
	var stores, handles int
	storetest.Run(t, func(*testing.T) storetest.Config {
		stores++
		s := new(journal.MemoryStore)
		return storetest.Config{Store: s, Reopen: func(t *testing.T) journal.Store {
			t.Helper()
			if err := s.Delete(t.Context(), "k", ""); err != nil {
				t.Error(err)
			}
			handles++
			return s
		}}
	})
	if stores == 0 || stores != handles {
		t.Errorf("%d stores, %d second handles, want not 0 and %v", stores, handles, handles)
	}
}
