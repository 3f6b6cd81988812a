package storetest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/tusker-go/tusker/client/journal"
)

// busy fails the test if the lock is not refused at once.
func (s subject) busy(from journal.Store, key string) {
	s.t.Helper()
	unlock, err := from.Lock(s.ctx, key)
	if err == nil {
		_ = unlock()
	}
	if !errors.Is(err, journal.ErrBusy) {
		s.t.Fatalf("Lock %s while it is held: error %v, want %v at once", key, err, journal.ErrBusy)
	}
	if unlock != nil {
		s.t.Errorf("Lock %s: an unlock beside the error", key)
	}
}

// lockExcludes checks that a lock has one holder, whichever handle is used.
func lockExcludes(s subject) {
	s.lock(s.Store, "k")
	for range 2 {
		s.busy(s.Store, "k")
		s.busy(s.second, "k")
	}
}

// lockOneKey checks that the locks of other keys are free.
func lockOneKey(s subject) {
	s.lock(s.Store, "k")
	s.lock(s.Store, "k1")
	s.lock(s.second, "other")
	s.busy(s.second, "k1")
}

// lockFree checks that a lock can be taken again many times by any handle.
func lockFree(s subject) {
	for range 20 {
		s.lock(s.Store, "k")()
		s.lock(s.second, "k")()
	}
}

// unlockIdempotent checks that a second unlock does not release the lock of the next
// holder.
func unlockIdempotent(s subject) {
	first := s.lock(s.Store, "k")
	first()
	first()
	second := s.lock(s.second, "k")
	first()
	s.busy(s.Store, "k")
	second()
	s.lock(s.Store, "k")
}

// lockOutlivesContext checks that the end of the context does not release the lock.
func lockOutlivesContext(s subject) {
	ctx, cancel := context.WithCancel(s.ctx)
	unlock, err := s.Lock(ctx, "k")
	cancel()
	if err != nil {
		s.t.Fatalf("Lock: %v", err)
	}
	s.busy(s.second, "k")
	if err := unlock(); err != nil {
		s.t.Errorf("unlock after the context has ended: %v", err)
	}
	s.lock(s.second, "k")
}

// lockSeparate checks that a lock neither needs a record nor makes one, and that Save and
// Delete do not change the lock.
func lockSeparate(s subject) {
	unlock := s.lock(s.Store, "k")
	s.absent(s.Store, "k")
	s.save(small("k"))
	s.busy(s.second, "k")
	s.save(full("k"))
	same(s.t, s.load(s.second, "k"), full("k"))
	s.remove("k")
	s.busy(s.second, "k")
	s.save(small("k"))
	unlock()
	same(s.t, s.load(s.second, "k"), small("k"))
}

// lockGoroutines checks that one of many goroutines that try again and again holds the
// lock.
func lockGoroutines(s subject) {
	const (
		goroutines = 8
		turns      = 25
	)
	var inside, entered atomic.Int32
	var all sync.WaitGroup
	for i := range goroutines {
		from := s.Store
		if i%2 == 1 {
			from = s.second
		}
		all.Go(func() {
			for mine := 0; mine < turns; {
				unlock, err := from.Lock(s.ctx, "k")
				if errors.Is(err, journal.ErrBusy) && s.ctx.Err() == nil {
					runtime.Gosched()
					continue
				}
				if err != nil {
					s.t.Errorf("Lock: %v", err)
					return
				}
				if n := inside.Add(1); n != 1 {
					s.t.Errorf("%d hold the lock at once, want 1", n)
				}
				runtime.Gosched()
				inside.Add(-1)
				entered.Add(1)
				mine++
				if err := unlock(); err != nil {
					s.t.Errorf("unlock: %v", err)
				}
			}
		})
	}
	all.Wait()
	if n := entered.Load(); n != goroutines*turns && !s.t.Failed() {
		s.t.Errorf("the lock was held %d times, want %d", n, goroutines*turns)
	}
	s.lock(s.Store, "k")
}
