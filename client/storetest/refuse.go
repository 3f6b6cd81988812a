package storetest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/protocol"
)

// missingRecord: that there is no record is told from other errors.
func missingRecord(s subject) {
	s.save(small("other"))
	for _, key := range []string{"k", "othe", "other1"} {
		s.absent(s.Store, key)
	}
}

// absent fails the test where there is a record.
func (s subject) absent(from journal.Store, key string) {
	s.t.Helper()
	r, err := from.Load(s.ctx, key)
	if !errors.Is(err, journal.ErrNoRecord) {
		s.t.Errorf("Load %s: error %v, want %v", short(key), err, journal.ErrNoRecord)
	}
	if r != nil {
		s.t.Errorf("Load %s: a record beside the error", short(key))
	}
}

// deleteRecord: one record goes, the others stay, and there is no harm in
// deleting what is not there.
func deleteRecord(s subject) {
	for _, key := range []string{"k", "k1", "other"} {
		s.save(small(key))
	}
	for range 2 {
		if err := s.second.Delete(s.ctx, "k"); err != nil {
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

// invalidKeys: no method takes a key that could lead elsewhere.
func invalidKeys(s subject) {
	for _, c := range badKeys {
		s.t.Run(c.name, func(t *testing.T) {
			r, err := s.Load(s.ctx, c.key)
			refused(t, "Load", err)
			if r != nil {
				t.Error("Load: a record beside the error")
			}
			refused(t, "Save", s.Save(s.ctx, small(c.key)))
			refused(t, "Delete", s.Delete(s.ctx, c.key))
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

// invalidRecords: what nobody could go on from is not saved, and what was there
// stays.
func invalidRecords(s subject) {
	s.save(full("k"))
	for _, c := range []struct {
		name   string
		record *journal.Record
	}{
		{"nil", nil},
		{"nothing to go on with", &journal.Record{Key: "k"}},
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

var errEnded = errors.New("the test has ended the context")

// contextEnded: no method does anything then, and each says why.
func contextEnded(s subject) {
	s.save(full("k"))
	ctx, cancel := context.WithCancelCause(s.ctx)
	cancel(errEnded)

	_, err := s.Load(ctx, "k")
	s.ended("Load", err)
	s.ended("Save", s.Save(ctx, small("k")))
	s.ended("Delete", s.Delete(ctx, "k"))
	unlock, err := s.Lock(ctx, "k")
	s.ended("Lock", err)
	if unlock != nil {
		s.t.Error("Lock: an unlock beside the error")
	}

	same(s.t, s.load(s.Store, "k"), full("k"))
	s.lock(s.Store, "k")()
}

func (s subject) ended(op string, err error) {
	s.t.Helper()
	if !errors.Is(err, errEnded) && !errors.Is(err, context.Canceled) {
		s.t.Errorf("%s: error %v, want that of the context or its cause", op, err)
	}
}
