package storetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/protocol"
)

// missingRecord checks the error for a missing record.
func missingRecord(s subject) {
	s.save(small("other"))
	for _, key := range []string{"k", "othe", "other1"} {
		s.absent(s.Store, key)
	}
}

// absent fails the test if there is a record.
func (s subject) absent(from journal.Store, key string) {
	s.t.Helper()
	r, err := from.Load(s.ctx, key)
	if !errors.Is(err, journal.ErrNoRecord) {
		s.t.Errorf("Load %s: error %v, want %v", short(key), err, journal.ErrNoRecord)
	}
	if r != nil {
		s.t.Errorf("Load %s: a record beside the error, want nil", short(key))
	}
}

// deleteRecord checks that Delete removes one record and no other, and that it returns nil
// if there is none.
func deleteRecord(s subject) {
	for _, key := range []string{"k", "k1", "other"} {
		s.save(small(key))
	}
	revision := s.revision("k")
	for range 2 {
		if err := s.second.Delete(s.ctx, "k", revision); err != nil {
			s.t.Fatalf("Delete: %v", err)
		}
		s.absent(s.Store, "k")
	}
	same(s.t, s.load(s.Store, "k1"), small("k1"))
	same(s.t, s.load(s.Store, "other"), small("other"))
	s.save(small("k"))
	same(s.t, s.load(s.Store, "k"), small("k"))
}

var badKeys = []struct{ name, key string }{
	{"empty", ""},
	{"too long", strings.Repeat("k", 129)},
	{"folder above", "../x"},
	{"two dots", ".."},
	{"dot", "."},
	{"slash", "a/b"},
	{"rooted", "/etc/passwd"},
	{"backslash", `a\b`},
	{"drive", "c:x"},
	{"stream of a file", "a:b"},
	{"suffix", "k.json"},
	{"upper case", "K"},
	{"device", "CON"},
	{"device in lower case", "con"},
	{"numbered device", "lpt1"},
	{"space", "a b"},
	{"space at the end", "a "},
	{"line end", "a\n"},
	{"zero byte", "a\x00b"},
	{"letter beyond ASCII", "é"},
	{"not UTF-8", "\xff"},
	{"wildcard", "*"},
	{"percent", "%2e"},
	{"quote", "a'b"},
}

// invalidKeys checks that no method accepts a key that could name another file.
func invalidKeys(s subject) {
	for _, c := range badKeys {
		s.t.Run(c.name, func(t *testing.T) {
			r, err := s.Load(s.ctx, c.key)
			refused(t, "Load", err)
			if r != nil {
				t.Error("Load: a record beside the error")
			}
			refused(t, "Save", s.Save(s.ctx, small(c.key)))
			refused(t, "Delete", s.Delete(s.ctx, c.key, "r"))
			unlock, err := s.Lock(s.ctx, c.key)
			refused(t, "Lock", err)
			if unlock != nil {
				t.Error("Lock: an unlock beside the error")
			}
		})
	}
}

func refused(t *testing.T, op string, err error) {
	t.Helper()
	if !errors.Is(err, journal.ErrInvalidRecord) {
		t.Errorf("%s: error %v, want %v", op, err, journal.ErrInvalidRecord)
	}
}

// invalidRecords checks that a record that cannot be resumed from is not saved, and that
// the earlier record stays.
func invalidRecords(s subject) {
	s.save(full("k"))
	for _, c := range []struct {
		name   string
		record *journal.Record
	}{
		{"nil", nil},
		{"neither URL nor parts", &journal.Record{Key: "k"}},
		{"other scheme", &journal.Record{Key: "k", URL: "file:///etc/passwd"}},
		{"relative", &journal.Record{Key: "k", URL: "/files/1"}},
		{"user information", &journal.Record{Key: "k", URL: "https://me:secret@h/1"}},
		{"negative offset", &journal.Record{Key: "k", URL: "http://h/1", Offset: -1}},
		{"offset beyond the length", &journal.Record{Key: "k", URL: "http://h/1", Length: protocol.Known(1), Offset: 2}},
		{"gap between parts", &journal.Record{Key: "k", Parts: []journal.PartRecord{{Start: 0, End: 1}, {Start: 2, End: 3}}}},
	} {
		s.t.Run(c.name, func(t *testing.T) {
			refused(t, "Save", s.Save(s.ctx, c.record))
		})
	}
	same(s.t, s.load(s.Store, "k"), full("k"))
}

var errEnded = errors.New("the test ended the context")

// contextEnded checks that each method fails with the cause of a canceled context, and
// changes nothing.
func contextEnded(s subject) {
	ctx, cancel := context.WithCancelCause(s.ctx)
	cancel(errEnded)
	s.refusesAll(ctx)
}

// deadlinePassed checks the same for a context whose deadline has passed.
func deadlinePassed(s subject) {
	ctx, cancel := context.WithDeadline(s.ctx, time.Now().Add(-time.Second))
	defer cancel()
	s.refusesAll(ctx)
}

// refusesAll checks that no method does anything with a context that has ended.
func (s subject) refusesAll(ctx context.Context) {
	s.t.Helper()
	s.save(full("k"))
	_, err := s.Load(ctx, "k")
	s.ended("Load", err)
	changed := small("k")
	changed.Revision = s.revision("k")
	s.ended("Save", s.Save(ctx, changed))
	s.ended("Save", s.Save(ctx, small("new")))
	s.ended("Delete", s.Delete(ctx, "k", s.revision("k")))
	unlock, err := s.Lock(ctx, "k")
	s.ended("Lock", err)
	if unlock != nil {
		s.t.Error("Lock: an unlock beside the error")
	}

	if l, ok := s.Store.(journal.Leaser); ok {
		held, release, err := l.Lease(ctx, "k")
		s.ended("Lease", err)
		if held != nil || release != nil {
			s.t.Error("Lease: a context or a release beside the error")
		}
	}
	if k, ok := s.Store.(journal.Ledger); ok {
		_, err := k.LoadFinished(ctx, endpoint, "k")
		s.ended("LoadFinished", err)
		s.ended("SaveFinished", k.SaveFinished(ctx, finished(endpoint, "k", 5)))
		s.notFinished(k, endpoint, "k")
	}

	same(s.t, s.load(s.Store, "k"), full("k"))
	s.absent(s.Store, "new")
	s.lock(s.Store, "k")()
}

func (s subject) ended(op string, err error) {
	s.t.Helper()
	if !errors.Is(err, errEnded) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		s.t.Errorf("%s: error %v, want that of the context or its cause", op, err)
	}
}
