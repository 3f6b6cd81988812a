package redisstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/redisstore"
	"github.com/tusker-go/tusker/client/storetest/databases"
)

// A server that keeps nothing on the disk is empty after a restart. The holder of a lease learns
// that it was lost, a record that was known is a conflict that says so, and finished uploads are
// unknown.
func TestServerForgets(t *testing.T) {
	t.Parallel()
	server := databases.ForgetfulRedis(t)
	s := open(t, connect(t, server), redisstore.Config{Lease: time.Second})
	held, _, err := s.Lease(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	r := record("k")
	save(t, s, r)
	if err := s.SaveFinished(t.Context(), record("done")); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	server.Restart()
	<-held.Done()
	if cause := context.Cause(held); !errors.Is(cause, journal.ErrLeaseLost) {
		t.Errorf("the lease ended with %v, want %v", cause, journal.ErrLeaseLost)
	}
	_, err = s.Load(t.Context(), "k")
	for ; err != nil && !errors.Is(err, journal.ErrNoRecord); _, err = s.Load(t.Context(), "k") {
		databases.Pause(t) // the client dials again
	}
	if err == nil {
		t.Error("the server has the record, want none")
	}
	known := r.Revision
	err = s.Save(t.Context(), r)
	const gone = "the store does not have it any more"
	if !errors.Is(err, journal.ErrConflict) || !strings.Contains(err.Error(), gone) {
		t.Errorf("Save: error %v, want %v with %q", err, journal.ErrConflict, gone)
	}
	if _, err := s.LoadFinished(t.Context(), r.Endpoint, "done"); !errors.Is(err, journal.ErrNoRecord) {
		t.Errorf("LoadFinished: error %v, want %v", err, journal.ErrNoRecord)
	}
	if err := s.Delete(t.Context(), "k", known); err != nil {
		t.Errorf("Delete: %v", err)
	}
	// Another run begins. The earlier one cannot change its record.
	save(t, s, record("k"))
	if err := s.Save(t.Context(), r); !errors.Is(err, journal.ErrConflict) {
		t.Errorf("Save: error %v, want %v", err, journal.ErrConflict)
	}
	if err := s.Delete(t.Context(), "k", known); !errors.Is(err, journal.ErrConflict) {
		t.Errorf("Delete: error %v, want %v", err, journal.ErrConflict)
	}
}

// A server whose memory is full, and one that is read-only, refuse what is new with an error that
// is worth a retry. Both answer what they have, also if they cannot note that it was used. A full
// one also frees memory.
func TestServerTakesNothing(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*redis.Client) error{
		"full":      func(db *redis.Client) error { return db.ConfigSet(t.Context(), "maxmemory", "1").Err() },
		"read-only": func(db *redis.Client) error { return db.ReplicaOf(t.Context(), "127.0.0.1", "1").Err() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := connect(t, databases.Redis(t))
			s := open(t, db, redisstore.Config{})
			r := record("k")
			save(t, s, r)
			if err := s.SaveFinished(t.Context(), record("done")); err != nil {
				t.Fatal(err)
			}
			for _, key := range db.Keys(t.Context(), "*:sent:*").Val() {
				db.HSet(t.Context(), key, "used", 0)
			}
			unlock, err := s.Lock(t.Context(), "locked")
			if err != nil {
				t.Fatal(err)
			}
			if err := change(db); err != nil {
				t.Fatal(err)
			}
			known := r.Revision
			_, locked := s.Lock(t.Context(), "k")
			databases.WantRefused(t, map[string]error{
				"Save": s.Save(t.Context(), r), "Save of another": s.Save(t.Context(), record("new")), "Lock": locked, "SaveFinished": s.SaveFinished(t.Context(), r),
			})
			if got, err := s.Load(t.Context(), "k"); err != nil || got.Revision != known || r.Revision != known {
				t.Errorf("Load: record %+v, error %v, want Revision %q", got, err, known)
			}
			if _, err := s.LoadFinished(t.Context(), r.Endpoint, "done"); err != nil {
				t.Errorf("LoadFinished: %v", err)
			}
			frees := map[string]error{"Delete": s.Delete(t.Context(), "k", known), "unlock": unlock()}
			if name == "read-only" {
				databases.WantRefused(t, frees)
				return
			}
			for call, err := range frees {
				if err != nil {
					t.Errorf("%s: %v", call, err)
				}
			}
		})
	}
}

// TestAdder is the body of the processes of TestTwoProcesses.
func TestAdder(t *testing.T) {
	options, err := redis.ParseURL(databases.ProcessURL(t))
	if err != nil {
		t.Fatal(err)
	}
	databases.Add(t, open(t, redis.NewClient(options), redisstore.Config{}))
}

// Two processes that change one record at the same time lose no change.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	server := databases.Redis(t)
	databases.AddTogether(t, server, "TestAdder", open(t, connect(t, server), redisstore.Config{}))
}
