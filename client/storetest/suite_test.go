package storetest_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) client.Store { return new(client.MemoryStore) })
}

// mute is a Store that does no more than it must.
type mute struct{ client.Store }

func TestStoreAlone(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) client.Store { return mute{new(client.MemoryStore)} })
}

func TestReopen(t *testing.T) {
	var opened, reopened []client.Store
	storetest.Run(t, func(*testing.T) client.Store {
		s := new(client.MemoryStore)
		opened = append(opened, s)
		return s
	}, storetest.Reopen(func(t *testing.T, s client.Store) client.Store {
		t.Helper()
		if err := s.Delete(t.Context(), "k"); err != nil {
			t.Error(err)
		}
		reopened = append(reopened, s)
		return s
	}))
	if len(opened) == 0 || len(opened) != len(reopened) {
		t.Errorf("%d stores opened, %d opened again", len(opened), len(reopened))
	}
	for i := range opened {
		if opened[i] != reopened[i] {
			t.Errorf("store %d: Reopen was given another", i)
		}
	}
}
