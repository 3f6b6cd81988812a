package storetest

import (
	"context"
	"slices"

	"github.com/tusker-go/tusker/client/journal"
)

// suffixLister skips the test if the Store does not list by suffix.
func (s subject) suffixLister(of journal.Store) journal.SuffixLister {
	s.t.Helper()
	l, ok := of.(journal.SuffixLister)
	if !ok {
		s.t.Skip("the Store is not a journal.SuffixLister")
	}
	return l
}

// listBySuffix checks that ListSuffix returns exactly the records whose key ends in the suffix. A
// suffix is not a pattern.
func listBySuffix(s subject) {
	first, second := s.suffixLister(s.Store), s.suffixLister(s.second)
	const place, other = "-0123456789abcdef", "-0123456789abcde0"
	for _, key := range []string{"a-1", "b-1", "b-11", "-1", "1-1x", "a_1", "gone-1", "a" + place, "b" + place, "a" + other, "gone" + place, "again" + place} {
		s.save(full(key))
	}
	for _, key := range []string{"gone-1", "gone" + place, "again" + place} {
		s.remove(key)
	}
	s.save(full("again" + place))
	s.lock(s.Store, "locked-1") // not a record
	for suffix, want := range map[string][]string{
		"-1":   {"-1", "a-1", "b-1"},
		"_1":   {"a_1"},
		"b-11": {"b-11"},
		"none": nil,
		"":     {"-1", "1-1x", "a" + other, "a" + place, "a-1", "a_1", "again" + place, "b" + place, "b-1", "b-11"},

		// The suffixes that clients ask for, see journal.PlaceSuffix.
		place:               {"a" + place, "again" + place, "b" + place},
		other:               {"a" + other},
		"-fedcba9876543210": nil,
	} {
		for _, l := range []journal.SuffixLister{first, second} {
			var got []string
			for r, err := range l.ListSuffix(s.ctx, suffix) {
				if err != nil || r == nil {
					s.t.Fatalf("ListSuffix %q: record %v, error %v, want not nil and no error", suffix, r, err)
				}
				same(s.t, r, full(r.Key))
				got = append(got, r.Key)
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				s.t.Errorf("ListSuffix %q returns %q, want %q", suffix, got, want)
			}
		}
	}
}

// listSuffixEnded checks that ListSuffix returns an error and no record after its context has
// ended.
func listSuffixEnded(s subject) {
	l := s.suffixLister(s.Store)
	s.save(small("a-1"))
	ctx, cancel := context.WithCancelCause(s.ctx)
	cancel(errEnded)
	var last error
	for r, err := range l.ListSuffix(ctx, "-1") {
		if r != nil {
			s.t.Error("ListSuffix: a record after the context has ended")
		}
		last = err
	}
	s.ended("ListSuffix", last)
}
