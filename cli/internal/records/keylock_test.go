package records

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/cli/internal/exit"
)

func TestKeyLock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var all keyLock
		var having atomic.Int32
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				give, err := all.lock(t.Context(), "k")
				if err != nil {
					t.Error(err)
					return
				}
				if having.Add(1) != 1 {
					t.Error("two have the key")
				}
				having.Add(-1)
				give()
				give() // must not take it from the next one
			})
		}
		wg.Wait()
		if len(all.held) > 0 {
			t.Errorf("held are still %v", all.held)
		}
	})
}

func TestKeyLockOfOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var all keyLock
		give, err := all.lock(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		defer give()
		other, err := all.lock(t.Context(), "b")
		if err != nil {
			t.Fatal(err)
		}
		other()
		ctx, cancel := context.WithCancelCause(t.Context())
		waited := make(chan error)
		go func() {
			_, err := all.lock(ctx, "a")
			waited <- err
		}()
		synctest.Wait()
		cancel(exit.ErrInterrupted)
		if err := <-waited; !errors.Is(err, exit.ErrInterrupted) {
			t.Errorf("error %v, want %v", err, exit.ErrInterrupted)
		}
	})
}
