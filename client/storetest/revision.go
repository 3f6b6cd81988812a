package storetest

import (
	"errors"
	"slices"
	"sync"

	"github.com/tusker-go/tusker/client/journal"
)

// saveConditional checks that Save replaces only the revision that the caller knows.
func saveConditional(s subject) {
	first := small("k")
	s.mustSave(s.Store, first)
	stale := *first
	// A run that believes that there is no record must not replace one.
	s.conflicts("Save", s.Save(s.ctx, full0("k")))
	first.URL = "https://tus.example/files/2"
	s.mustSave(s.second, first)
	stale.URL = "https://tus.example/files/3"
	before := stale
	s.conflicts("Save", s.Save(s.ctx, &stale))
	if stale.Revision != before.Revision {
		s.t.Errorf("Save changed the revision to %q despite the error, want %q", stale.Revision, before.Revision)
	}
	unknown := small("other")
	unknown.Revision = first.Revision
	s.conflicts("Save of a record that was never saved", s.Save(s.ctx, unknown))
	s.absent(s.Store, "other")
	if got := s.load(s.second, "k"); got.URL != first.URL || got.Revision != first.Revision {
		s.t.Errorf("the record is %s in revision %q, want %s in revision %q", got.URL, got.Revision, first.URL, first.Revision)
	}
}

// full0 returns a full record that is not stored yet.
func full0(key string) *journal.Record {
	r := full(key)
	r.Revision = ""
	return r
}

// deleteConditional checks that Delete removes only the revision that the caller knows, and
// that a removed record cannot be saved again by a caller that knows its last revision.
func deleteConditional(s subject) {
	r := small("k")
	s.mustSave(s.Store, r)
	old := r.Revision
	s.mustSave(s.Store, r)
	for _, revision := range []string{"", old, old + "0"} {
		s.conflicts("Delete", s.second.Delete(s.ctx, "k", revision))
	}
	same(s.t, s.load(s.Store, "k"), r)
	if err := s.second.Delete(s.ctx, "k", r.Revision); err != nil {
		s.t.Fatalf("Delete: %v", err)
	}
	s.absent(s.Store, "k")
	for _, revision := range []string{"", old, r.Revision} {
		if err := s.Delete(s.ctx, "k", revision); err != nil {
			s.t.Errorf("Delete of a record that does not exist: %v", err)
		}
	}
	s.conflicts("Save of a deleted record", s.Save(s.ctx, r))
	s.absent(s.second, "k")
}

// revisionReopened checks that another handle loads the revision that Save returned.
func revisionReopened(s subject) {
	r := small("k")
	s.mustSave(s.Store, r)
	loaded := s.load(s.second, "k")
	if loaded.Revision != r.Revision || r.Revision == "" {
		s.t.Fatalf("revision %q after Save, and %q through another handle", r.Revision, loaded.Revision)
	}
	loaded.Offset = 5
	s.mustSave(s.second, loaded)
	s.conflicts("Save", s.Save(s.ctx, r))
	s.conflicts("Delete", s.Delete(s.ctx, "k", r.Revision))
	if err := s.Delete(s.ctx, "k", loaded.Revision); err != nil {
		s.t.Errorf("Delete of the revision of another handle: %v", err)
	}
}

// revisionsUnique checks that no revision of a key is used twice, although the record is
// deleted or saved without a change.
func revisionsUnique(s subject) {
	var seen []string
	for range 3 {
		r := small("k")
		for range 3 {
			s.mustSave(s.Store, r)
			if slices.Contains(seen, r.Revision) {
				s.t.Fatalf("revision %q is used twice", r.Revision)
			}
			seen = append(seen, r.Revision)
		}
		if err := s.Delete(s.ctx, "k", r.Revision); err != nil {
			s.t.Fatalf("Delete: %v", err)
		}
	}
}

// concurrentZombies has several runs that loaded the same revision save and delete at the
// same time. Exactly one of them succeeds.
func concurrentZombies(s subject) {
	const (
		zombies = 6
		rounds  = 12
	)
	for round := range rounds {
		revision := s.revision("k")
		results := make([]error, zombies)
		saved := make([]*journal.Record, zombies)
		var start, all sync.WaitGroup
		start.Add(1)
		for i := range zombies {
			from := s.Store
			if i%2 == 1 {
				from = s.second
			}
			saved[i] = numbered("k", i)
			saved[i].Revision = revision
			all.Go(func() {
				start.Wait()
				// Delete of a missing record would succeed for everyone.
				if i == 0 && revision != "" {
					results[i] = from.Delete(s.ctx, "k", revision)
					return
				}
				results[i] = from.Save(s.ctx, saved[i])
			})
		}
		start.Done()
		all.Wait()
		winner := -1
		for i, err := range results {
			switch {
			case err == nil && winner >= 0:
				s.t.Fatalf("round %d: runs %d and %d both changed revision %q", round, winner, i, revision)
			case err == nil:
				winner = i
			case !errors.Is(err, journal.ErrConflict):
				// After a successful Delete, the record of the others is gone.
				s.t.Fatalf("round %d: run %d: error %v, want %v", round, i, err, journal.ErrConflict)
			}
		}
		switch {
		case winner < 0:
			s.t.Fatalf("round %d: no run could change revision %q: %v", round, revision, results)
		case winner == 0 && revision != "":
			s.absent(s.Store, "k")
		default:
			same(s.t, s.load(s.second, "k"), saved[winner])
		}
	}
}

// mustSave fails the test if the record cannot be saved, or if its revision stays.
func (s subject) mustSave(to journal.Store, r *journal.Record) {
	s.t.Helper()
	before := r.Revision
	if err := to.Save(s.ctx, r); err != nil {
		s.t.Fatalf("Save %s of revision %q: %v", short(r.Key), before, err)
	}
	if r.Revision == before {
		s.t.Fatalf("Save %s: the revision is still %q", short(r.Key), before)
	}
}

func (s subject) conflicts(op string, err error) {
	s.t.Helper()
	if !errors.Is(err, journal.ErrConflict) {
		s.t.Errorf("%s: error %v, want %v", op, err, journal.ErrConflict)
	}
}
