// Package storetest is a suite for implementations of journal.Store.
//
// Call [Run] from a test of your own:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) journal.Store { return newStore(t.TempDir()) })
//	}
//
// What one process cannot show is not part of the suite: that a record is there
// after a crash, that locks exclude other processes, and that the lock of a
// process that died is free.
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

// Patience is how long the Store may take for what it has to do at once, such
// as to refuse a lock. It bounds how long the suite waits for a Store that heeds
// its context and hangs otherwise. Without it: 20 s.
func Patience(d time.Duration) Option {
	return func(s *subject) { s.patience = d }
}

// subject is a Store under test, another handle on its data, and the test.
type subject struct {
	t *testing.T
	journal.Store
	second   journal.Store
	ctx      context.Context
	reopen   func(*testing.T, journal.Store) journal.Store
	patience time.Duration
}

// Run checks the contract of [journal.Store], and those of [journal.Lister],
// [journal.SuffixLister] and [journal.Ledger] if the Store is one too, each part in a subtest.
// newStore is called for each subtest and returns an empty Store; what has to be
// closed afterwards is for its t.Cleanup.
//
// The subtests run one after the other. Run may be called in parallel with other
// tests, as long as its Stores share no data with theirs.
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
		{"missing record", missingRecord},
		{"delete", deleteRecord},
		{"invalid keys are refused", invalidKeys},
		{"invalid records are refused", invalidRecords},
		{"lock excludes", lockExcludes},
		{"lock is for one key", lockOneKey},
		{"lock is free after unlock", lockFree},
		{"unlock is idempotent", unlockIdempotent},
		{"lock outlives its context", lockOutlivesContext},
		{"lock and record are apart", lockApart},
		{"lock excludes goroutines", lockGoroutines},
		{"context has ended", contextEnded},
		{"list gives every record", listAll},
		{"list stops with its loop", listStops},
		{"list lets its loop use the store", listWithin},
		{"list ends with its context", listContextEnded},
		{"list by suffix gives the records of the suffix", listBySuffix},
		{"list by suffix ends with its context", listSuffixEnded},
		{"concurrent use", concurrentUse},
		{"what was sent comes back", sentComesBack},
		{"what was sent is of one endpoint and key", sentOfOne},
		{"what was sent is replaced", sentReplaced},
		{"what was sent and records are apart", sentApart},
		{"what was not sent is refused", sentRefused},
		{"context of what was sent has ended", sentEnded},
		{"concurrent use of what was sent", sentConcurrent},
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

// in is the subject in a subtest.
func (s subject) in(t *testing.T) subject {
	t.Helper()
	s.t = t
	return s
}

// save fails the test where the record cannot be saved.
func (s subject) save(r *journal.Record) {
	s.t.Helper()
	if err := s.Save(s.ctx, r); err != nil {
		s.t.Fatalf("Save %s: %v", short(r.Key), err)
	}
}

// load fails the test where the record cannot be loaded.
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

// lock fails the test where the lock cannot be taken. It is let go of after the
// test at the latest.
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

// short keeps long keys out of messages.
func short(key string) string {
	if len(key) > 32 {
		return key[:32] + "…"
	}
	return key
}
