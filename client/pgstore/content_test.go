package pgstore_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/pgstore"
	"github.com/tusker-go/tusker/client/storetest/databases"
)

// content checks what the tables have, because other programs read them.
func content(t *testing.T, server *databases.Server) {
	t.Helper()
	db := database(t, server, nil)
	s := open(t, db, pgstore.Config{})
	r := record("k")
	save(t, s, r)
	if err := s.SaveFinished(t.Context(), record("done")); err != nil {
		t.Fatal(err)
	}
	var revision, text, endpoint, url string
	var version int
	if err := db.QueryRow(t.Context(), "SELECT revision, version, record::text, record->>'url' FROM tusker.records WHERE key = 'k'").
		Scan(&revision, &version, &text, &url); err != nil {
		t.Fatal(err)
	}
	const want = `{"version":1,"key":"k","endpoint":"https://tus.example/files/","url":"https://tus.example/files/k?a&b",` +
		`"source":"/é","length":10,"offset":4,"updated":"1970-01-01T00:00:01Z"}`
	if text != want || revision != r.Revision || version != 1 || url != r.URL {
		t.Errorf("the row is %q, %d, %q, %q, want %q, 1, %q and %q", revision, version, text, url, r.Revision, want, r.URL)
	}
	if err := db.QueryRow(t.Context(), "SELECT endpoint FROM tusker.sent WHERE key = 'done'").Scan(&endpoint); err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256([]byte(r.Endpoint)); endpoint != hex.EncodeToString(sum[:]) {
		t.Errorf("the endpoint is %q, want %q", endpoint, hex.EncodeToString(sum[:]))
	}
}

// A record that cannot be read counts as none, and only once as an error.
func damagedRecord(t *testing.T, server *databases.Server) {
	t.Helper()
	db := database(t, server, nil)
	s := open(t, db, pgstore.Config{})
	for name, text := range map[string]string{
		"empty":      "{}",
		"a list":     "[]",
		"other key":  `{"version":1,"key":"other","url":"https://h/1","offset":0}`,
		"no address": `{"version":1,"key":"k","offset":0}`,
	} {
		t.Run(name, func(t *testing.T) {
			spoil := func() {
				t.Helper()
				r := record("k")
				r.Revision = revision(t, s)
				save(t, s, r)
				run(t, db, "UPDATE tusker.records SET record = $1::text::json", text)
			}
			spoil()
			for _, err := range s.List(t.Context()) {
				if !errors.Is(err, journal.ErrRecordDamaged) {
					t.Errorf("List: error %v, want %v", err, journal.ErrRecordDamaged)
				}
			}
			for _, want := range []error{journal.ErrRecordDamaged, journal.ErrNoRecord} {
				if _, err := s.Load(t.Context(), "k"); !errors.Is(err, want) {
					t.Errorf("Load: error %v, want %v", err, want)
				}
			}
			// A new record takes its place, with a Load before and without one.
			spoil()
			save(t, s, record("k"))
		})
	}
}

// revision returns the revision of the record k, or "" if there is none.
func revision(t *testing.T, s *pgstore.Store) string {
	t.Helper()
	r, err := s.Load(t.Context(), "k")
	if err != nil {
		return ""
	}
	return r.Revision
}

// The record of a newer version stays as it is.
func newerVersion(t *testing.T, server *databases.Server) {
	t.Helper()
	db := database(t, server, nil)
	s := open(t, db, pgstore.Config{})
	r := record("k")
	save(t, s, r)
	if err := s.SaveFinished(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"records", "sent"} {
		run(t, db, "UPDATE tusker."+table+` SET version = 3, record = '{"version":3,"key":["of","another","type"]}'`)
	}
	_, loaded := s.Load(t.Context(), "k")
	_, finished := s.LoadFinished(t.Context(), r.Endpoint, "k")
	for op, err := range map[string]error{
		"Load": loaded, "Save": s.Save(t.Context(), record("k")), "LoadFinished": finished,
	} {
		if !errors.Is(err, journal.ErrRecordVersion) {
			t.Errorf("%s: error %v, want %v", op, err, journal.ErrRecordVersion)
		}
	}
	if n, err := s.Prune(t.Context(), 0); n != 1 || err != nil {
		t.Errorf("Prune removes %d, error %v, want only the finished upload", n, err)
	}
	if n := count(t, db, "tusker.records"); n != 1 {
		t.Errorf("%d records are left, want 1", n)
	}
}

// A finished upload that cannot be read is an error once, and then not there.
func damagedSent(t *testing.T, server *databases.Server) {
	t.Helper()
	db := database(t, server, nil)
	s := open(t, db, pgstore.Config{})
	r := record("k")
	if err := s.SaveFinished(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	run(t, db, "UPDATE tusker.sent SET record = '{}'")
	for _, want := range []error{journal.ErrRecordDamaged, journal.ErrNoRecord} {
		if _, err := s.LoadFinished(t.Context(), r.Endpoint, "k"); !errors.Is(err, want) {
			t.Errorf("LoadFinished: error %v, want %v", err, want)
		}
	}
	if err := s.SaveFinished(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if _, err := s.LoadFinished(t.Context(), r.Endpoint, "k"); err != nil {
		t.Error(err)
	}
}

// Prune removes what is old enough by the clock of the database and not locked.
func prunes(t *testing.T, server *databases.Server) {
	t.Helper()
	db := database(t, server, nil)
	s := open(t, db, pgstore.Config{})
	for _, key := range []string{"old", "locked", "new"} {
		save(t, s, record(key))
		if err := s.SaveFinished(t.Context(), record(key)); err != nil {
			t.Fatal(err)
		}
	}
	run(t, db, "UPDATE tusker.records SET saved = saved - interval '50 hours' WHERE key <> 'new'")
	run(t, db, "UPDATE tusker.sent SET used = used - interval '50 hours' WHERE key <> 'new'")
	unlock, err := s.Lock(t.Context(), "locked")
	if err != nil {
		t.Fatal(err)
	}
	run(t, db, "INSERT INTO tusker.locks VALUES ('killed', 'x', now())")
	// A lookup counts as a use.
	if _, err := s.LoadFinished(t.Context(), record("locked").Endpoint, "locked"); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{2, 0} {
		if n, err := s.Prune(t.Context(), 49*time.Hour); n != want || err != nil {
			t.Errorf("Prune %d removes %d, error %v, want %d", i, n, err, want)
		}
	}
	if n := count(t, db, "tusker.locks"); n != 1 {
		t.Errorf("%d locks are left, want the one that is held", n)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
	if n, err := s.Prune(t.Context(), -1); n != 4 || err != nil {
		t.Errorf("Prune removes %d, error %v, want the other 4", n, err)
	}
}
