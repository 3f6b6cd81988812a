package storetest

import (
	"context"
	"errors"

	"github.com/tusker-go/tusker/client/journal"
)

// leaser skips the test if the Store is not a Leaser.
func (s subject) leaser(of journal.Store) journal.Leaser {
	s.t.Helper()
	l, ok := of.(journal.Leaser)
	if !ok {
		s.t.Skip("the Store is not a journal.Leaser")
	}
	return l
}

// lease fails the test if the lease cannot be taken. It is released after the test at the
// latest.
func (s subject) lease(from journal.Leaser, key string) (held context.Context, release func()) {
	s.t.Helper()
	held, free, err := from.Lease(s.ctx, key)
	if err != nil {
		s.t.Fatalf("Lease %s: %v, want it free", key, err)
	}
	if held == nil || free == nil {
		s.t.Fatalf("Lease %s: neither an error nor a lease", key)
	}
	if held.Err() != nil {
		s.t.Fatalf("Lease %s: its context has ended: %v", key, context.Cause(held))
	}
	s.t.Cleanup(func() { _ = free() })
	return held, func() {
		s.t.Helper()
		if err := free(); err != nil {
			s.t.Errorf("release %s: %v", key, err)
		}
	}
}

// leased fails the test if the lease of the key k is not refused at once.
func (s subject) leased(from journal.Leaser) {
	s.t.Helper()
	held, release, err := from.Lease(s.ctx, "k")
	if !errors.Is(err, journal.ErrBusy) {
		s.t.Fatalf("Lease while it is held: error %v, want %v at once", err, journal.ErrBusy)
	}
	if held != nil || release != nil {
		s.t.Error("Lease: a lease beside the error")
	}
}

// leaseExcludes checks that a lease has one holder, and that leases and locks exclude one
// another.
func leaseExcludes(s subject) {
	first, second := s.leaser(s.Store), s.leaser(s.second)
	_, release := s.lease(first, "k")
	s.leased(first)
	s.leased(second)
	s.busy(s.second, "k")
	s.lease(second, "other")
	release()
	unlock := s.lock(s.Store, "k")
	s.leased(second)
	unlock()
	s.lease(second, "k")
}

// leaseOutlivesContext checks that the end of the context does not end the lease, and that
// the release ends it.
func leaseOutlivesContext(s subject) {
	l := s.leaser(s.Store)
	ctx, cancel := context.WithCancel(s.ctx)
	held, release, err := l.Lease(ctx, "k")
	cancel()
	if err != nil {
		s.t.Fatalf("Lease: %v", err)
	}
	s.leased(s.leaser(s.second))
	if held.Err() != nil {
		s.t.Errorf("the lease ended with the context of the call: %v", context.Cause(held))
	}
	if err := release(); err != nil {
		s.t.Errorf("release: %v", err)
	}
	if held.Err() == nil {
		s.t.Error("the context of the lease did not end with its release")
	}
	s.lease(l, "k")
}

// releaseIdempotent checks that a second release does not end the lease of the next holder.
func releaseIdempotent(s subject) {
	first, second := s.leaser(s.Store), s.leaser(s.second)
	_, release := s.lease(first, "k")
	release()
	held, _ := s.lease(second, "k")
	release()
	s.leased(first)
	if held.Err() != nil {
		s.t.Error("the second release ended the lease of the next holder")
	}
}

// leaseLost checks that a holder learns that its lease was lost, and that it cannot end the
// lease of the next holder.
func leaseLost(s subject) {
	first, second := s.leaser(s.Store), s.leaser(s.second)
	if s.lose == nil {
		s.t.Skip("Config.LoseLease is nil")
	}
	held, release, err := first.Lease(s.ctx, "k")
	if err != nil {
		s.t.Fatalf("Lease: %v", err)
	}
	s.lose(s.t, "k")
	next, _ := s.lease(second, "k")
	select {
	case <-held.Done():
	case <-s.ctx.Done():
		s.t.Fatal("the context of a lost lease did not end")
	}
	if cause := context.Cause(held); !errors.Is(cause, journal.ErrLeaseLost) {
		s.t.Errorf("the context of a lost lease ended with %v, want %v", cause, journal.ErrLeaseLost)
	}
	_ = release()
	s.leased(first)
	if next.Err() != nil {
		s.t.Error("the release of a lost lease ended the lease of the next holder")
	}
}
