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

// sent is the record of a file that was sent to an endpoint.
func sent(endpoint, key string, n int64) *journal.Record {
	return &journal.Record{
		Key: key, Account: "a@b.example", Endpoint: endpoint, URL: fmt.Sprintf("https://tus.example/files/a+b%%2Bc?n=%d&sig=<é>", n),
		Source: "/home/me/a \"b\"\\c\n\x00\x1b[31m/日本語.mp4",
		Length: protocol.Known(n), Offset: n, Created: at(1), Updated: at(2),
	}
}

// keeper skips the test where the Store does not keep what was sent.
func (s subject) keeper(of journal.Store) journal.Ledger {
	s.t.Helper()
	k, ok := of.(journal.Ledger)
	if !ok {
		s.t.Skip("the Store is no journal.Ledger")
	}
	return k
}

// saveSent fails the test where the record cannot be saved.
func (s subject) saveSent(to journal.Ledger, r *journal.Record) {
	s.t.Helper()
	if err := to.SaveFinished(s.ctx, r); err != nil {
		s.t.Fatalf("SaveFinished %s: %v", short(r.Key), err)
	}
}

// sameSent fails the test where another record is loaded.
func (s subject) sameSent(from journal.Ledger, want *journal.Record) {
	s.t.Helper()
	r, err := from.LoadFinished(s.ctx, want.Endpoint, want.Key)
	if err != nil || r == nil {
		s.t.Fatalf("LoadFinished %s: record %v, error %v", short(want.Key), r, err)
	}
	same(s.t, r, want)
}

// noSent fails the test where there is a record.
func (s subject) noSent(from journal.Ledger, endpoint, key string) {
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

// sentComesBack: what was saved is loaded, through another handle too.
func sentComesBack(s subject) {
	first, second := s.keeper(s.Store), s.keeper(s.second)
	for name, r := range map[string]*journal.Record{
		"plain":            sent(endpoint, "k", 5),
		"length zero":      sent(endpoint, "zero", 0),
		"odd large number": sent(endpoint, "large", 1<<53+1),
		"longest key":      sent(endpoint, strings.Repeat("k9_-", 32), 7),
		"refused":          denied(sent(endpoint, "refused", 8)),
		"no source":        {Key: "none", Endpoint: endpoint, URL: "https://h/1", Length: protocol.Known(1), Offset: 1},
	} {
		s.t.Run(name, func(t *testing.T) {
			s := s.in(t)
			s.saveSent(first, r)
			s.sameSent(first, r)
			s.sameSent(second, r)
		})
	}
}

// sentOfOne: each endpoint and each key has its own, down to the letter.
func sentOfOne(s subject) {
	k := s.keeper(s.Store)
	var all []*journal.Record
	for i, endpoint := range []string{
		"https://tus.example/files/", "https://tus.example/files", "https://tus.example/Files/", "http://tus.example/files/",
		"https://tus.example/../files/?\"", "https://tus.example/" + strings.Repeat("a", 8000),
	} {
		for j, key := range []string{"k", "k1", "k_"} {
			s.noSent(k, endpoint, key)
			r := sent(endpoint, key, int64(10*i+j))
			s.saveSent(k, r)
			all = append(all, r)
		}
	}
	for _, r := range all {
		s.sameSent(k, r)
	}
	s.noSent(k, "https://tus.example/files//", "k")
	s.noSent(k, "https://tus.example/files/", "k12")
}

// sentReplaced: the record that was saved last counts, whoever saved it, and what
// the caller does to it changes nothing.
func sentReplaced(s subject) {
	k, second := s.keeper(s.Store), s.keeper(s.second)
	for i, to := range []journal.Ledger{k, second, k, second} {
		r := sent(endpoint, "k", int64(100-i))
		s.saveSent(to, r)
		s.sameSent(k, r)
		s.sameSent(second, r)
	}
	spoil := func(r *journal.Record) { r.URL, r.Offset = "https://other.example/", 1 }
	r := sent(endpoint, "k", 5)
	s.saveSent(k, r)
	spoil(r)
	loaded, err := k.LoadFinished(s.ctx, endpoint, "k")
	if err != nil {
		s.t.Fatalf("LoadFinished: %v", err)
	}
	same(s.t, loaded, sent(endpoint, "k", 5))
	spoil(loaded)
	s.sameSent(k, sent(endpoint, "k", 5))
}

// sentApart: the records of unfinished uploads know nothing of what was sent.
func sentApart(s subject) {
	k := s.keeper(s.Store)
	s.saveSent(k, sent(endpoint, "k", 5))
	if _, err := s.Load(s.ctx, "k"); !errors.Is(err, journal.ErrNoRecord) {
		s.t.Errorf("Load: error %v, want %v", err, journal.ErrNoRecord)
	}
	if l, ok := s.Store.(journal.Lister); ok {
		if all := s.listed(l); len(all) != 0 {
			s.t.Errorf("List gives %d records, want none", len(all))
		}
	}
	s.save(full("k"))
	s.sameSent(k, sent(endpoint, "k", 5))
	if err := s.Delete(s.ctx, "k"); err != nil {
		s.t.Fatalf("Delete: %v", err)
	}
	s.sameSent(k, sent(endpoint, "k", 5))
}

// sentRefused: what is no record is not kept as one.
func sentRefused(s subject) {
	k := s.keeper(s.Store)
	for name, r := range map[string]*journal.Record{
		"nil": nil, "no key": sent(endpoint, "", 1), "path": sent(endpoint, "../x", 1), "no URL": {Key: "k", Endpoint: endpoint},
	} {
		s.t.Run(name, func(t *testing.T) {
			if err := k.SaveFinished(s.ctx, r); !errors.Is(err, journal.ErrInvalidRecord) {
				t.Errorf("SaveFinished: error %v, want %v", err, journal.ErrInvalidRecord)
			}
		})
	}
	s.noSent(k, endpoint, "k")
}

// sentEnded: neither method does anything once the context has ended.
func sentEnded(s subject) {
	k := s.keeper(s.Store)
	s.saveSent(k, sent(endpoint, "k", 5))
	ctx, cancel := context.WithCancelCause(s.ctx)
	cancel(errEnded)
	_, err := k.LoadFinished(ctx, endpoint, "k")
	s.ended("LoadFinished", err)
	s.ended("SaveFinished", k.SaveFinished(ctx, sent(endpoint, "k", 6)))
	s.sameSent(k, sent(endpoint, "k", 5))
}

// sentConcurrent: no record is lost or made of several.
func sentConcurrent(s subject) {
	const workers, rounds = 4, 10
	handles := []journal.Ledger{s.keeper(s.Store), s.keeper(s.second)}
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			k := handles[i%len(handles)]
			for n := range rounds {
				r := sent(endpoint, fmt.Sprintf("k%d-%d", i, n), int64(i*rounds+n))
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
				s.in(t).sameSent(handles[1], sent(endpoint, fmt.Sprintf("k%d-%d", i, n), int64(i*rounds+n)))
			})
		}
	}
}
