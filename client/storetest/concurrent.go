package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/protocol"
)

// numbered returns a record in which every field depends on n, so that a mixture of two is
// noticed.
func numbered(key string, n int) *journal.Record {
	r := &journal.Record{
		Key: key, URL: fmt.Sprintf("https://h/%d", n), Source: fmt.Sprint(n),
		Length: protocol.Known(int64(n) * 10), Offset: int64(n), Updated: at(n),
	}
	for i := range n {
		r.Parts = append(r.Parts, journal.PartRecord{Start: int64(i), End: int64(i) + 1, URL: r.URL})
	}
	return r
}

// concurrentUse calls all methods at the same time. A record that several goroutines save is
// always one of theirs, complete.
func concurrentUse(s subject) {
	const (
		goroutines = 8
		turns      = 15
	)
	s.save(numbered("shared", 0))
	var all sync.WaitGroup
	for i := range goroutines {
		from := s.Store
		if i%2 == 1 {
			from = s.second
		}
		own := fmt.Sprintf("own%d", i)
		all.Go(func() {
			for n := range turns {
				if err := s.turn(from, own, n); err != nil {
					s.t.Errorf("%s: %v", own, err)
					return
				}
			}
		})
	}
	all.Wait()
}

func (s subject) turn(from journal.Store, own string, n int) error {
	mine := numbered(own, n)
	if err := from.Save(s.ctx, mine); err != nil {
		return err
	}
	shared := numbered("shared", n)
	if r, err := from.Load(s.ctx, "shared"); err == nil && r != nil {
		shared.Revision = r.Revision
	}
	if err := from.Save(s.ctx, shared); err != nil && !errors.Is(err, journal.ErrConflict) {
		return err
	}
	if err := whole(s, from, own, n); err != nil {
		return err
	}
	if err := whole(s, from, "shared", -1); err != nil {
		return err
	}
	if l, ok := from.(journal.Lister); ok {
		for r, err := range l.List(s.ctx) {
			if err != nil {
				return err
			}
			if err := consistent(r); err != nil {
				return err
			}
		}
	}
	unlock, err := from.Lock(s.ctx, "shared")
	if err == nil {
		err = unlock()
	} else if errors.Is(err, journal.ErrBusy) {
		err = nil
	}
	if err != nil {
		return err
	}
	return from.Delete(s.ctx, own, mine.Revision)
}

// whole loads a record and checks that it is that of n, or of any number if n is negative.
func whole(s subject, from journal.Store, key string, n int) error {
	r, err := from.Load(s.ctx, key)
	if err != nil {
		return err
	}
	if n >= 0 && r.Offset != int64(n) {
		return fmt.Errorf("record %d, want %d", r.Offset, n)
	}
	return consistent(r)
}

func consistent(r *journal.Record) error {
	if want := numbered(r.Key, int(r.Offset)); !reflect.DeepEqual(plain(r), plain(want)) {
		return fmt.Errorf("a record is a mixture: %+v", *r)
	}
	return nil
}
