package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/protocol"
)

const endpoint = "https://tus.example/files/?tenant=a&b=c"

// finished returns the record of an upload to an endpoint.
func finished(endpoint, key string, n int64) *journal.Record {
	return &journal.Record{
		Key: key, Account: "a@b.example", Endpoint: endpoint, URL: fmt.Sprintf("https://tus.example/files/a+b%%2Bc?n=%d&sig=<é>", n),
		Source: "/home/me/a \"b\"\\c\n\x00\x1b[31m/日本語.mp4",
		Length: protocol.Known(n), Offset: n, Created: at(1), Updated: at(2),
	}
}

// ledger skips the test if the Store is not a Ledger.
func (s subject) ledger(of journal.Store) journal.Ledger {
	s.t.Helper()
	k, ok := of.(journal.Ledger)
	if !ok {
		s.t.Skip("the Store is not a journal.Ledger")
	}
	return k
}

// saveFinished fails the test if the record cannot be saved.
func (s subject) saveFinished(to journal.Ledger, r *journal.Record) {
	s.t.Helper()
	if err := to.SaveFinished(s.ctx, r); err != nil {
		s.t.Fatalf("SaveFinished %s: %v", short(r.Key), err)
	}
}

// sameFinished fails the test if another record is loaded.
func (s subject) sameFinished(from journal.Ledger, want *journal.Record) {
	s.t.Helper()
	r, err := from.LoadFinished(s.ctx, want.Endpoint, want.Key)
	if err != nil || r == nil {
		s.t.Fatalf("LoadFinished %s: record %v, error %v", short(want.Key), r, err)
	}
	same(s.t, r, want)
}

// notFinished fails the test if there is a record.
func (s subject) notFinished(from journal.Ledger, endpoint, key string) {
	s.t.Helper()
	if r, err := from.LoadFinished(s.ctx, endpoint, key); !errors.Is(err, journal.ErrNoRecord) {
		s.t.Errorf("LoadFinished %s of %s: record %v, error %v, want %v", short(key), short(endpoint), r, err, journal.ErrNoRecord)
	}
}

// denied returns r with the refusal of a server.
func denied(r *journal.Record) *journal.Record {
	r.Denial = failure.Denial{StatusCode: 422, Words: "no", Refused: true}
	return r
}

// finishedComesBack checks that LoadFinished returns what was saved, through another handle,
// too.
func finishedComesBack(s subject) {
	first, second := s.ledger(s.Store), s.ledger(s.second)
	for name, r := range map[string]*journal.Record{
		"plain":            finished(endpoint, "k", 5),
		"length zero":      finished(endpoint, "zero", 0),
		"odd large number": finished(endpoint, "large", 1<<53+1),
		"longest key":      finished(endpoint, strings.Repeat("k9_-", 32), 7),
		"refused":          denied(finished(endpoint, "refused", 8)),
		"no source":        {Key: "none", Endpoint: endpoint, URL: "https://h/1", Length: protocol.Known(1), Offset: 1},
	} {
		s.t.Run(name, func(t *testing.T) {
			s := s.in(t)
			s.saveFinished(first, r)
			s.sameFinished(first, r)
			s.sameFinished(second, r)
		})
	}
}

// finishedOfOne checks that each endpoint and each key has its own record.
func finishedOfOne(s subject) {
	k := s.ledger(s.Store)
	var all []*journal.Record
	for i, endpoint := range []string{
		"https://tus.example/files/", "https://tus.example/files", "https://tus.example/Files/", "http://tus.example/files/",
		"https://tus.example/../files/?\"", "https://tus.example/" + strings.Repeat("a", 8000),
	} {
		for j, key := range []string{"k", "k1", "k_"} {
			s.notFinished(k, endpoint, key)
			r := finished(endpoint, key, int64(10*i+j))
			s.saveFinished(k, r)
			all = append(all, r)
		}
	}
	for _, r := range all {
		s.sameFinished(k, r)
	}
	s.notFinished(k, "https://tus.example/files//", "k")
	s.notFinished(k, "https://tus.example/files/", "k12")
}

// finishedReplaced checks that the record that was saved last counts, through whichever
// handle, and that the caller cannot change it afterwards.
func finishedReplaced(s subject) {
	k, second := s.ledger(s.Store), s.ledger(s.second)
	for i, to := range []journal.Ledger{k, second, k, second} {
		r := finished(endpoint, "k", int64(100-i))
		s.saveFinished(to, r)
		s.sameFinished(k, r)
		s.sameFinished(second, r)
	}
	spoil := func(r *journal.Record) { r.URL, r.Offset = "https://other.example/", 1 }
	r := finished(endpoint, "k", 5)
	s.saveFinished(k, r)
	spoil(r)
	loaded, err := k.LoadFinished(s.ctx, endpoint, "k")
	if err != nil {
		s.t.Fatalf("LoadFinished: %v", err)
	}
	same(s.t, loaded, finished(endpoint, "k", 5))
	spoil(loaded)
	s.sameFinished(k, finished(endpoint, "k", 5))
}

// finishedSeparate checks that records of unfinished uploads do not change those of finished
// ones, and the other way round.
func finishedSeparate(s subject) {
	k := s.ledger(s.Store)
	s.saveFinished(k, finished(endpoint, "k", 5))
	if _, err := s.Load(s.ctx, "k"); !errors.Is(err, journal.ErrNoRecord) {
		s.t.Errorf("Load: error %v, want %v", err, journal.ErrNoRecord)
	}
	if l, ok := s.Store.(journal.Lister); ok {
		if all := s.listed(l); len(all) != 0 {
			s.t.Errorf("List returns %d records, want none", len(all))
		}
	}
	s.save(full("k"))
	s.sameFinished(k, finished(endpoint, "k", 5))
	s.remove("k")
	s.sameFinished(k, finished(endpoint, "k", 5))
}

// finishedRefused checks that an invalid record is refused.
func finishedRefused(s subject) {
	k := s.ledger(s.Store)
	for name, r := range map[string]*journal.Record{
		"nil": nil, "no key": finished(endpoint, "", 1), "path": finished(endpoint, "../x", 1), "no URL": {Key: "k", Endpoint: endpoint},
	} {
		s.t.Run(name, func(t *testing.T) {
			if err := k.SaveFinished(s.ctx, r); !errors.Is(err, journal.ErrInvalidRecord) {
				t.Errorf("SaveFinished: error %v, want %v", err, journal.ErrInvalidRecord)
			}
		})
	}
	s.notFinished(k, endpoint, "k")
}

// finishedEnded checks that neither method does anything after the context has ended.
func finishedEnded(s subject) {
	k := s.ledger(s.Store)
	s.saveFinished(k, finished(endpoint, "k", 5))
	ctx, cancel := context.WithCancelCause(s.ctx)
	cancel(errEnded)
	_, err := k.LoadFinished(ctx, endpoint, "k")
	s.ended("LoadFinished", err)
	s.ended("SaveFinished", k.SaveFinished(ctx, finished(endpoint, "k", 6)))
	s.sameFinished(k, finished(endpoint, "k", 5))
}

// finishedConcurrent checks that no record is lost or mixed with another one.
func finishedConcurrent(s subject) {
	const workers, rounds = 4, 10
	handles := []journal.Ledger{s.ledger(s.Store), s.ledger(s.second)}
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			k := handles[i%len(handles)]
			for n := range rounds {
				r := finished(endpoint, fmt.Sprintf("k%d-%d", i, n), int64(i*rounds+n))
				if err := k.SaveFinished(s.ctx, r); err != nil {
					s.t.Errorf("SaveFinished: %v", err)
					return
				}
				if _, err := k.LoadFinished(s.ctx, endpoint, r.Key); err != nil {
					s.t.Errorf("LoadFinished: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	for i := range workers {
		for n := range rounds {
			s.t.Run(fmt.Sprintf("%d-%d", i, n), func(t *testing.T) {
				s.in(t).sameFinished(handles[1], finished(endpoint, fmt.Sprintf("k%d-%d", i, n), int64(i*rounds+n)))
			})
		}
	}
}
