package storetest_test

import (
	"context"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/client/journal"
)

// leasing is a Store with leases that a test can take away.
type leasing struct {
	*altered
	cause  error // why a lost lease ends; nil: it does not end
	frees  bool  // the release of a lost lease ends that of the next holder
	bound  bool  // the lease ends with the context of the call
	stands bool  // the context of a lease does not end with its release
	mixed  bool  // leases do not exclude locks

	mu   sync.Mutex
	held map[string]*heldLease
}

// heldLease is one lease.
type heldLease struct {
	end    context.CancelCauseFunc
	unlock func() error
}

func newLeasing(a *altered) *leasing {
	return &leasing{altered: a, cause: journal.ErrLeaseLost, held: make(map[string]*heldLease)}
}

// Lease implements journal.Leaser.
func (l *leasing) Lease(ctx context.Context, key string) (context.Context, func() error, error) {
	name := key
	if l.mixed {
		name += "-lease"
	}
	unlock, err := l.Lock(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	parent := context.WithoutCancel(ctx)
	if l.bound {
		parent = ctx
	}
	held, end := context.WithCancelCause(parent)
	lease := &heldLease{end: end, unlock: unlock}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held[key] = lease
	return held, func() error { return l.release(key, lease) }, nil
}

func (l *leasing) release(key string, lease *heldLease) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.stands {
		lease.end(nil)
	}
	if l.frees {
		lease = l.held[key]
	}
	if lease == nil || l.held[key] != lease {
		return nil
	}
	delete(l.held, key)
	return lease.unlock()
}

// lose takes the lease of a key away from its holder.
func (l *leasing) lose(t *testing.T, key string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	lease := l.held[key]
	delete(l.held, key)
	if l.cause != nil {
		lease.end(l.cause)
	}
	if err := lease.unlock(); err != nil {
		t.Error(err)
	}
}
