package redisstore_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/redisstore"
	"github.com/tusker-go/tusker/client/storetest/databases"
)

// TestContent checks what Redis has, because other programs read it.
func TestContent(t *testing.T) {
	t.Parallel()
	db := connect(t, databases.Redis(t))
	s := open(t, db, redisstore.Config{})
	key := strings.Repeat("0123456789abcdef", 4) + "-0123456789abcdef"
	r := record(key)
	save(t, s, r)
	if err := s.SaveFinished(t.Context(), record(key[:64])); err != nil {
		t.Fatal(err)
	}
	tag := "tusker:{" + key[:64] + "}"
	got := db.HGetAll(t.Context(), tag+":record:"+key).Val()
	want := `{"version":1,"key":"` + key + `","endpoint":"https://tus.example/files/","url":"https://tus.example/files/` + key +
		`?a&b","source":"/é","length":10,"offset":4,"updated":"1970-01-01T00:00:01Z"}`
	if got["record"] != want || got["revision"] != r.Revision || got["version"] != "1" || got["saved"] == "" {
		t.Errorf("Redis has %q, want [\"record\"] %q, [\"revision\"] %q, [\"version\"] %q and [\"saved\"] not empty", got, want, r.Revision, "1")
	}
	sum := sha256.Sum256([]byte(r.Endpoint))
	if sent := db.HGetAll(t.Context(), tag+":sent:"+hex.EncodeToString(sum[:])+":"+key[:64]).Val(); sent["version"] != "1" || sent["used"] == "" {
		t.Errorf("Redis has the finished upload %q, want [\"version\"] %q and [\"used\"] not empty", sent, "1")
	}
	place := "tusker:{-0123456789abcdef}:place"
	if got := db.SMembers(t.Context(), place).Val(); !slices.Equal(got, []string{key}) {
		t.Errorf("the set of the place has %q, want %q", got, []string{key})
	}
	if n := db.DBSize(t.Context()).Val(); n != 3 {
		t.Errorf("Redis has %d keys, want 3", n)
	}
	if err := s.Delete(t.Context(), key, r.Revision); err != nil || db.Exists(t.Context(), place).Val() != 0 {
		t.Errorf("Delete: error %v, want no set of the place", err)
	}
}

// A record that cannot be read counts as none, and only once as an error.
func TestDamagedRecord(t *testing.T) {
	t.Parallel()
	db := connect(t, databases.Redis(t))
	for name, text := range map[string]string{
		"cut":       `{"version":1,`,
		"empty":     "",
		"other key": `{"version":1,"key":"other","url":"https://h/1","offset":0}`,
		"too large": `{"version":1,"key":"k","url":"https://h/1","offset":0,"x":"` + strings.Repeat("x", journal.MaxEncoded) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, db, redisstore.Config{Prefix: t.Name()})
			spoil := func() {
				t.Helper()
				r := record("k")
				save(t, s, r)
				if err := db.HSet(t.Context(), t.Name()+"{k}:record:k", "record", text).Err(); err != nil {
					t.Fatal(err)
				}
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

// The record of a newer version stays as it is.
func TestNewerVersion(t *testing.T) {
	t.Parallel()
	db := connect(t, databases.Redis(t))
	s := open(t, db, redisstore.Config{})
	r := record("k")
	save(t, s, r)
	if err := s.SaveFinished(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	const newer = `{"version":3,"key":["of","another","type"]}`
	for _, key := range db.Keys(t.Context(), "*").Val() {
		if err := db.HSet(t.Context(), key, "record", newer, "version", 3).Err(); err != nil {
			t.Fatal(err)
		}
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
	if _, err := s.Load(t.Context(), "k"); !errors.Is(err, journal.ErrRecordVersion) {
		t.Errorf("Load: error %v, want %v", err, journal.ErrRecordVersion)
	}
}

// A finished upload that cannot be read is an error once, and then not there.
func TestDamagedSent(t *testing.T) {
	t.Parallel()
	db := connect(t, databases.Redis(t))
	s := open(t, db, redisstore.Config{})
	r := record("k")
	if err := s.SaveFinished(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for _, key := range db.Keys(t.Context(), "*").Val() {
		db.HSet(t.Context(), key, "record", "{")
	}
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

// Prune removes what is old enough by the clock of Redis and not locked.
func TestPrune(t *testing.T) {
	t.Parallel()
	db := connect(t, databases.Redis(t))
	s := open(t, db, redisstore.Config{})
	for _, key := range []string{"old-0123456789abcdef", "locked", "new"} {
		save(t, s, record(key))
		if err := s.SaveFinished(t.Context(), record(key)); err != nil {
			t.Fatal(err)
		}
	}
	const hours = 3600
	now := db.Time(t.Context()).Val().Unix()
	for _, key := range db.Keys(t.Context(), "*").Val() {
		if !strings.HasSuffix(key, ":new") && !strings.HasSuffix(key, ":place") {
			db.HSet(t.Context(), key, "saved", now-50*hours, "used", now-50*hours)
		}
	}
	unlock, err := s.Lock(t.Context(), "locked")
	if err != nil {
		t.Fatal(err)
	}
	// A lookup counts as a use.
	if _, err := s.LoadFinished(t.Context(), record("locked").Endpoint, "locked"); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{2, 0} {
		if n, err := s.Prune(t.Context(), 49*hours*1e9); n != want || err != nil {
			t.Errorf("Prune %d removes %d, error %v, want %d", i, n, err, want)
		}
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
	if n, err := s.Prune(t.Context(), -1); n != 4 || err != nil {
		t.Errorf("Prune removes %d, error %v, want the other 4", n, err)
	}
	if n := db.DBSize(t.Context()).Val(); n != 0 {
		t.Errorf("%d keys are left, want 0", n)
	}
}
