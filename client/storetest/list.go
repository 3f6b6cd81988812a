package storetest

import (
	"context"
	"fmt"
	"slices"

	"github.com/tusker-go/tusker/client/journal"
)

// lister skips the test if the Store does not list.
func (s subject) lister(of journal.Store) journal.Lister {
	s.t.Helper()
	l, ok := of.(journal.Lister)
	if !ok {
		s.t.Skip("the Store is not a journal.Lister")
	}
	return l
}

// listed returns the records of List by key.
func (s subject) listed(l journal.Lister) map[string]*journal.Record {
	s.t.Helper()
	all := make(map[string]*journal.Record)
	for r, err := range l.List(s.ctx) {
		switch {
		case err != nil:
			s.t.Errorf("List: %v", err)
		case r == nil:
			s.t.Fatal("List: neither a record nor an error")
		case all[r.Key] != nil:
			s.t.Errorf("List: %s twice", r.Key)
		default:
			all[r.Key] = r
		}
	}
	return all
}

// listAll checks that List returns all current records, with their revisions.
func listAll(s subject) {
	first, second := s.lister(s.Store), s.lister(s.second)
	if n := len(s.listed(first)); n != 0 {
		s.t.Errorf("an empty store lists %d records, want 0", n)
	}
	const n = 50
	for i := range n {
		s.save(full(fmt.Sprintf("k%d", i)))
	}
	s.save(small("gone"))
	s.save(small("changed"))
	s.save(full("changed"))
	s.remove("gone")
	// A lock is not a record.
	s.lock(s.Store, "k1")
	s.lock(s.Store, "locked")
	for _, l := range []journal.Lister{first, second} {
		all := s.listed(l)
		if len(all) != n+1 {
			s.t.Errorf("List returns %d records, want %d", len(all), n+1)
		}
		for key, r := range all {
			same(s.t, r, full(key))
			if want := s.revision(key); r.Revision != want {
				s.t.Errorf("List returns %s in revision %q, want %q", key, r.Revision, want)
			}
		}
	}
}

// listStops checks that a loop may end at any record.
func listStops(s subject) {
	l := s.lister(s.Store)
	for i := range 5 {
		s.save(small(fmt.Sprintf("k%d", i)))
	}
	seen := 0
	for _, err := range l.List(s.ctx) {
		if err != nil {
			s.t.Fatalf("List: %v", err)
		}
		seen++
		if seen == 2 {
			break
		}
	}
	if seen != 2 {
		s.t.Errorf("%d records seen, want 2", seen)
	}
	if n := len(s.listed(l)); n != 5 {
		s.t.Errorf("%d records afterwards, want 5", n)
	}
}

// listWithin checks that the loop may load, lock and delete the record that it gets.
func listWithin(s subject) {
	l := s.lister(s.Store)
	want := []string{"k0", "k1", "k2", "k3"}
	for _, key := range want {
		s.save(small(key))
	}
	var seen []string
	for r, err := range l.List(s.ctx) {
		if err != nil {
			s.t.Fatalf("List: %v", err)
		}
		seen = append(seen, r.Key)
		unlock := s.lock(s.Store, r.Key)
		same(s.t, s.load(s.Store, r.Key), r)
		if err := s.Delete(s.ctx, r.Key, r.Revision); err != nil {
			s.t.Errorf("Delete: %v", err)
		}
		unlock()
	}
	slices.Sort(seen)
	if !slices.Equal(seen, want) {
		s.t.Errorf("List returns %v, want %v", seen, want)
	}
	if n := len(s.listed(l)); n != 0 {
		s.t.Errorf("%d records are left, want 0", n)
	}
}

// listContextEnded checks that List ends with the cause of its context.
func listContextEnded(s subject) {
	l := s.lister(s.Store)
	for i := range 5 {
		s.save(small(fmt.Sprintf("k%d", i)))
	}
	ctx, cancel := context.WithCancelCause(s.ctx)
	defer cancel(nil)
	given := 0
	var last error
	for r, err := range l.List(ctx) {
		if last != nil {
			s.t.Fatal("List continues after the context has ended")
		}
		cancel(errEnded)
		if last = err; err == nil {
			given++
		} else if r != nil {
			s.t.Error("List: a record beside the error")
		}
	}
	s.ended("List", last)
	if given == 5 {
		s.t.Error("List returns every record after the context has ended")
	}
}
