package lease_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/lease"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ttl = 30 * time.Second

// store is a store with one lock.
type store struct {
	mu       sync.Mutex
	expires  time.Time     // the zero time: the lock is free
	other    bool          // another holder has the lock
	down     bool          // calls fail
	latency  time.Duration // of each call, after its effect
	renewals int
	released int
	stale    int // calls of Release that fail
}

var errDown = errors.New("the store is down")

// lock returns the lock for a holder.
func (s *store) lock() lease.Lock {
	return lease.Lock{
		TTL: ttl,
		Take: func(ctx context.Context) (bool, error) {
			if time.Now().Before(s.expiry()) {
				return false, nil
			}
			return true, s.call(ctx)
		},
		Renew: func(ctx context.Context) (bool, error) {
			s.mu.Lock()
			other := s.other
			s.renewals++
			s.mu.Unlock()
			if other {
				return false, nil
			}
			return true, s.call(ctx)
		},
		Release: func(ctx context.Context) error {
			s.change(func() { s.released++ })
			if s.released <= s.stale {
				return errDown
			}
			if _, ok := ctx.Deadline(); !ok || ctx.Err() != nil {
				return errors.New("no deadline")
			}
			return nil
		},
	}
}

func (s *store) call(ctx context.Context) error {
	s.mu.Lock()
	down, latency := s.down, s.latency
	if !down {
		s.expires = time.Now().Add(ttl)
	}
	s.mu.Unlock()
	if down {
		return errDown
	}
	select {
	case <-time.After(latency):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// change changes the store while a holder may use it.
func (s *store) change(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

func (s *store) expiry() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.expires
}

// renewed returns how often the lock was renewed.
func (s *store) renewed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.renewals
}

// take fails the test if the lock cannot be taken.
func take(t *testing.T, s *store) (context.Context, func() error) {
	t.Helper()
	held, release, err := lease.Take(t.Context(), s.lock())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = release() })
	return held, release
}

// A lease is renewed for hours, and its release ends its context without ErrLeaseLost.
func TestRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{latency: time.Second}
		ctx, cancel := context.WithCancel(t.Context())
		held, release, err := lease.Take(ctx, s.lock())
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		time.Sleep(3 * time.Hour)
		if held.Err() != nil {
			t.Fatalf("the lease ended: %v", context.Cause(held))
		}
		if n := s.renewed(); n < 900 || n > 1080 {
			t.Errorf("%d renewals in 3 hours, want one each 11 s", n)
		}
		for range 2 {
			if err := release(); err != nil {
				t.Error(err)
			}
		}
		if s.released != 1 {
			t.Errorf("released %d times, want once", s.released)
		}
		if cause := context.Cause(held); !errors.Is(cause, context.Canceled) {
			t.Errorf("the context ended with %v, want %v", cause, context.Canceled)
		}
		synctest.Wait()
		before := s.renewed()
		time.Sleep(time.Hour)
		if s.renewed() != before {
			t.Error("the lease was renewed after its release")
		}
	})
}

// A holder whose store fails ends two thirds of the TTL after its last renewal was sent, before
// the lock is free for others. The time that an answer needs counts.
func TestStoreFails(t *testing.T) {
	for name, latency := range map[string]time.Duration{"fast": 0, "slow": 4 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &store{latency: latency}
				held, _ := take(t, s)
				time.Sleep(ttl/3 + latency + time.Second)
				renewed := s.expiry().Add(-ttl)
				s.change(func() { s.down = true })
				<-held.Done()
				if cause := context.Cause(held); !errors.Is(cause, journal.ErrLeaseLost) {
					t.Errorf("the context ended with %v, want %v", cause, journal.ErrLeaseLost)
				}
				if after := time.Since(renewed); after != ttl*2/3 {
					t.Errorf("the lease ended %v after the last renewal was sent, want %v", after, ttl*2/3)
				}
			})
		})
	}
}

// A renewal that never returns does not keep the lease.
func TestRenewalHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(store)
		held, _ := take(t, s)
		s.change(func() { s.latency = 10 * time.Hour })
		<-held.Done()
		if cause := context.Cause(held); !errors.Is(cause, journal.ErrLeaseLost) {
			t.Errorf("the context ended with %v, want %v", cause, journal.ErrLeaseLost)
		}
		if time.Now().After(s.expiry()) {
			t.Error("the lease ended after the lock was free")
		}
	})
}

// A lease survives a store that fails for a shorter time.
func TestStoreFailsBriefly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(store)
		held, _ := take(t, s)
		for range 20 {
			s.change(func() { s.down = true })
			time.Sleep(8 * time.Second)
			s.change(func() { s.down = false })
			time.Sleep(ttl)
		}
		if held.Err() != nil {
			t.Errorf("the lease ended: %v", context.Cause(held))
		}
	})
}

// A holder learns with its next renewal that another one has the lock.
func TestOtherHolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(store)
		held, release := take(t, s)
		began := time.Now()
		s.change(func() { s.other = true })
		<-held.Done()
		if cause := context.Cause(held); !errors.Is(cause, journal.ErrLeaseLost) || time.Since(began) != ttl/3 {
			t.Errorf("the context ended after %v with %v, want %v and ErrLeaseLost", time.Since(began), cause, ttl/3)
		}
		if err := release(); err != nil {
			t.Error(err)
		}
	})
}

// A release is tried again, because the connection to the store may be a broken one.
func TestReleaseFails(t *testing.T) {
	for stale, want := range []error{nil, nil, nil, errDown} {
		s := &store{stale: stale}
		_, release := take(t, s)
		if err := release(); !errors.Is(err, want) {
			t.Errorf("after %d failures: error %v, want %v", stale, err, want)
		}
	}
}

// A lock that is held, a store that fails and a context that has ended are errors at once.
func TestNotTaken(t *testing.T) {
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errDown)
	for name, c := range map[string]struct {
		ctx   context.Context
		store *store
		want  error
	}{
		"held":  {t.Context(), &store{expires: time.Now().Add(time.Hour)}, journal.ErrBusy},
		"down":  {t.Context(), &store{down: true}, errDown},
		"ended": {ended, new(store), errDown},
	} {
		t.Run(name, func(t *testing.T) {
			held, release, err := lease.Take(c.ctx, c.store.lock())
			if !errors.Is(err, c.want) || held != nil || release != nil {
				t.Errorf("error %v, want %v and no lease", err, c.want)
			}
		})
	}
}
