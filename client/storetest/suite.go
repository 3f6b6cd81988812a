// Package storetest checks implementations of journal.Store.
//
// Call [Run] from a test of your own:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) journal.Store { return newStore(t.TempDir()) })
//	}
//
// The suite runs in one process. It does not check that a record survives a crash, that
// locks and revisions hold between processes, and that the lock of a process that died is
// free.
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/journal"
)

// Option changes how [Run] works.
type Option func(*subject)

// Reopen gives the suite a second handle on the data of a Store that newStore
// returned, as another process would have one. Without it the suite uses the
// Store itself in the place of the second.
func Reopen(reopen func(t *testing.T, s journal.Store) journal.Store) Option {
	return func(s *subject) { s.reopen = reopen }
}

// Patience is the deadline of the contexts that the suite passes to the Store. It bounds
// the time of each check of a Store that honors its context. Default: 20 s.
func Patience(d time.Duration) Option {
	return func(s *subject) { s.patience = d }
}

// LoseLease gives the suite a way to take the lease of a key away from its holder, for
// example by letting it expire. The function returns when another holder can take the
// lease. Without it, the suite does not check what happens to a lease that is lost.
func LoseLease(lose func(t *testing.T, s journal.Store, key string)) Option {
	return func(s *subject) { s.lose = lose }
}

// subject is a Store under test, another handle on its data, and the test.
type subject struct {
	t *testing.T
	journal.Store
	second   journal.Store
	ctx      context.Context
	reopen   func(*testing.T, journal.Store) journal.Store
	lose     func(*testing.T, journal.Store, string)
	patience time.Duration
}

// Run checks the contract of [journal.Store], and those of [journal.Leaser],
// [journal.Lister], [journal.SuffixLister] and [journal.Ledger] if the Store implements them, each part in a
// subtest. It calls newStore for each subtest; newStore returns an empty Store and uses
// t.Cleanup to close it.
//
// The subtests run one after the other. Run may be called in parallel with other
// tests if its Stores share no data with theirs.
func Run(t *testing.T, newStore func(t *testing.T) journal.Store, opts ...Option) {
	t.Helper()
	for _, check := range []struct {
		name string
		run  func(subject)
	}{
		{"every field comes back", roundTrip},
		{"times come back in UTC", timesInUTC},
		{"save replaces", saveReplaces},
		{"records are copies", recordsAreCopies},
		{"save is conditional", saveConditional},
		{"delete is conditional", deleteConditional},
		{"revision survives reopening", revisionReopened},
		{"revisions do not recur", revisionsUnique},
		{"concurrent zombies", concurrentZombies},
		{"missing record", missingRecord},
		{"delete", deleteRecord},
		{"invalid keys are refused", invalidKeys},
		{"invalid records are refused", invalidRecords},
		{"lock excludes", lockExcludes},
		{"lock is for one key", lockOneKey},
		{"lock is free after unlock", lockFree},
		{"unlock is idempotent", unlockIdempotent},
		{"lock outlives its context", lockOutlivesContext},
		{"lock and record are separate", lockSeparate},
		{"lock excludes goroutines", lockGoroutines},
		{"lease excludes", leaseExcludes},
		{"lease outlives its context", leaseOutlivesContext},
		{"release is idempotent", releaseIdempotent},
		{"lease is lost", leaseLost},
		{"context has ended", contextEnded},
		{"deadline has passed", deadlinePassed},
		{"list returns every record", listAll},
		{"list stops with its loop", listStops},
		{"list lets its loop use the store", listWithin},
		{"list ends with its context", listContextEnded},
		{"list by suffix returns the records of the suffix", listBySuffix},
		{"list by suffix ends with its context", listSuffixEnded},
		{"concurrent use", concurrentUse},
		{"finished upload comes back", finishedComesBack},
		{"finished upload belongs to endpoint and key", finishedOfOne},
		{"finished upload is replaced", finishedReplaced},
		{"finished uploads and records are separate", finishedSeparate},
		{"invalid finished uploads are refused", finishedRefused},
		{"context of finished uploads has ended", finishedEnded},
		{"concurrent use of finished uploads", finishedConcurrent},
	} {
		t.Run(check.name, func(t *testing.T) {
			s := subject{t: t, patience: 20 * time.Second}
			for _, opt := range opts {
				opt(&s)
			}
			ctx, cancel := context.WithTimeout(t.Context(), s.patience)
			t.Cleanup(cancel)
			s.ctx = ctx
			s.Store = newStore(t)
			s.second = s.Store
			if s.reopen != nil {
				s.second = s.reopen(t, s.Store)
			}
			check.run(s)
		})
	}
}

// in returns the subject for a subtest.
func (s subject) in(t *testing.T) subject {
	t.Helper()
	s.t = t
	return s
}

// save saves r in place of the record of its key, whatever its revision, and leaves r as it
// is. It fails the test if that is impossible.
func (s subject) save(r *journal.Record) {
	s.t.Helper()
	c := *r
	c.Revision = s.revision(r.Key)
	if err := s.Save(s.ctx, &c); err != nil {
		s.t.Fatalf("Save %s: %v", short(r.Key), err)
	}
}

// revision returns the revision of the record of key, or "" if there is none.
func (s subject) revision(key string) string {
	r, err := s.Load(s.ctx, key)
	if err != nil || r == nil {
		return ""
	}
	return r.Revision
}

// remove deletes the record of key, whatever its revision.
func (s subject) remove(key string) {
	s.t.Helper()
	if err := s.Delete(s.ctx, key, s.revision(key)); err != nil {
		s.t.Fatalf("Delete %s: %v", short(key), err)
	}
}

// load fails the test if the record cannot be loaded.
func (s subject) load(from journal.Store, key string) *journal.Record {
	s.t.Helper()
	r, err := from.Load(s.ctx, key)
	if err != nil {
		s.t.Fatalf("Load %s: %v", short(key), err)
	}
	if r == nil {
		s.t.Fatalf("Load %s: neither a record nor an error", short(key))
	}
	return r
}

// lock fails the test if the lock cannot be taken. The lock is released after the test at
// the latest.
func (s subject) lock(from journal.Store, key string) (unlock func()) {
	s.t.Helper()
	free, err := from.Lock(s.ctx, key)
	if err != nil {
		s.t.Fatalf("Lock %s: %v, want it free", key, err)
	}
	s.t.Cleanup(func() { _ = free() })
	return func() {
		s.t.Helper()
		if err := free(); err != nil {
			s.t.Errorf("unlock %s: %v", key, err)
		}
	}
}

// short shortens a key for messages.
func short(key string) string {
	if len(key) > 32 {
		return key[:32] + "…"
	}
	return key
}
