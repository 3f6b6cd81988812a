// Package storetest checks implementations of journal.Store.
//
// Call [Run] from a test of your own:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) storetest.Config {
//			return storetest.Config{Store: newStore(t.TempDir())}
//		})
//	}
//
// The suite runs in one process. It does not check that a record survives a crash, that
// locks and revisions hold between processes, and that the lock of a process that died is
// free.
package storetest

import (
	"cmp"
	"context"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/journal"
)

// Config is a Store under test, and what the suite may do to it.
type Config struct {
	// Store is the Store under test. It is empty.
	Store journal.Store

	// Reopen returns a second handle on the data of Store, as another process would have
	// one. nil: the suite uses Store in the place of the second handle.
	Reopen func(t *testing.T) journal.Store

	// LoseLease takes the lease of key away from its holder, for example by letting it
	// expire, and returns when another holder can take the lease. nil: the suite does not
	// check what happens to a lease that is lost.
	LoseLease func(t *testing.T, key string)

	// Patience is how long one check may take. It is the deadline of the contexts that the
	// Store gets. 0: 20 s.
	Patience time.Duration
}

// subject is a Store under test, another handle on its data, and the test.
type subject struct {
	t *testing.T
	journal.Store
	second journal.Store
	ctx    context.Context
	lose   func(t *testing.T, key string)
}

// Run checks the contract of [journal.Store], and those of [journal.Leaser],
// [journal.Lister], [journal.SuffixLister] and [journal.Ledger] if the Store implements them,
// each part in a subtest. NewConfig is called for each subtest, and uses t.Cleanup to close
// what it opens.
//
// The subtests run one after the other. Run may be called in parallel with other
// tests if its Stores share no data with theirs.
func Run(t *testing.T, newConfig func(t *testing.T) Config) {
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
			c := newConfig(t)
			ctx, cancel := context.WithTimeout(t.Context(), cmp.Or(c.Patience, 20*time.Second))
			t.Cleanup(cancel)
			s := subject{t: t, Store: c.Store, second: c.Store, ctx: ctx, lose: c.LoseLease}
			if c.Reopen != nil {
				s.second = c.Reopen(t)
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
