package pgstore_test

import (
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tusker-go/tusker/client/pgstore"
	"github.com/tusker-go/tusker/client/storetest/databases"
)

// readOnly checks a database that is read-only: it refuses changes with an error that is worth a
// retry, and answers what it has, also if it cannot note that it was used.
func readOnly(t *testing.T, server *databases.Server) {
	t.Helper()
	db := database(t, server, nil)
	s := open(t, db, pgstore.Config{})
	r := record("k")
	save(t, s, r)
	if err := s.SaveFinished(t.Context(), record("done")); err != nil {
		t.Fatal(err)
	}
	run(t, db, "UPDATE tusker.sent SET used = used - interval '50 hours'")
	s, err := pgstore.New(connect(t, server, func(cfg *pgxpool.Config) {
		cfg.ConnConfig.Database = db.Config().ConnConfig.Database
		cfg.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	}), pgstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	known := r.Revision
	_, locked := s.Lock(t.Context(), "k")
	_, pruned := s.Prune(t.Context(), 0)
	databases.WantRefused(t, map[string]error{
		"Save": s.Save(t.Context(), r), "Save of another": s.Save(t.Context(), record("new")), "Delete": s.Delete(t.Context(), "k", known),
		"Lock": locked, "SaveFinished": s.SaveFinished(t.Context(), r), "Prune": pruned,
	})
	if got, err := s.Load(t.Context(), "k"); err != nil || got.Revision != known || r.Revision != known {
		t.Errorf("Load: record %+v, error %v, want Revision %q", got, err, known)
	}
	if _, err := s.LoadFinished(t.Context(), r.Endpoint, "done"); err != nil {
		t.Errorf("LoadFinished: %v", err)
	}
}

// connectionIsKilled checks a connection that the database ends in the middle of a statement, and
// while it is idle. The store repeats the statement over another connection, also if the lease of
// an upload is renewed, and nothing is done twice.
func connectionIsKilled(t *testing.T, server *databases.Server) {
	t.Helper()
	db := database(t, server, nil)
	other := connect(t, server, nil)
	kill := func(where string) int {
		t.Helper()
		var n int
		if err := other.QueryRow(t.Context(), "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1 AND "+where,
			db.Config().ConnConfig.Database).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	// A renewal can wait on a busy machine, so the lease is long.
	s := open(t, db, pgstore.Config{Lease: 20 * time.Second})
	held, release, err := s.Lease(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	r := record("k")
	save(t, s, r)

	// Another transaction has the row, so that the statement waits.
	tx, err := connect(t, server, func(cfg *pgxpool.Config) { cfg.ConnConfig.Database = db.Config().ConnConfig.Database }).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT FROM tusker.records FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	saved := make(chan error)
	go func() { saved <- s.Save(context.WithoutCancel(t.Context()), r) }()
	for kill("wait_event_type = 'Lock'") == 0 {
		databases.Pause(t)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-saved; err != nil {
		t.Errorf("Save over a connection that was killed: %v", err)
	}
	// The order matters: LoadFinished wants what SaveFinished has saved.
	for _, call := range []struct {
		name string
		use  func() error
	}{
		{"Save", func() error { return s.Save(t.Context(), r) }},
		{"Load", func() error { _, err := s.Load(t.Context(), "k"); return err }},
		{"SaveFinished", func() error { return s.SaveFinished(t.Context(), r) }},
		{"LoadFinished", func() error { _, err := s.LoadFinished(t.Context(), r.Endpoint, "k"); return err }},
	} {
		kill("true")
		if err := call.use(); err != nil {
			t.Errorf("%s over idle connections that were killed: %v", call.name, err)
		}
	}
	if held.Err() != nil {
		t.Errorf("the lease ended: %v", context.Cause(held))
	}
	kill("true")
	if err := s.Delete(t.Context(), "k", r.Revision); err != nil {
		t.Error(err)
	}
	kill("true")
	if err := release(); err != nil {
		t.Error(err)
	}
	for _, table := range []string{"records", "locks"} {
		if n := count(t, db, "tusker."+table); n != 0 {
			t.Errorf("%d rows of %s are left, want 0", n, table)
		}
	}
}

// forgetful is a database whose first answer to each statement is lost after the statement was
// done.
type forgetful struct {
	pgstore.DB
	mu   sync.Mutex
	lost map[string]bool // by statement
}

func (f *forgetful) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	tag, err := f.DB.Exec(ctx, sql, args...)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil && !f.lost[sql] {
		f.lost[sql] = true
		return pgconn.CommandTag{}, io.ErrUnexpectedEOF
	}
	return tag, err
}

// answersAreLost checks that a statement that is repeated because its answer was lost has the same
// result, and is no conflict with itself.
func answersAreLost(t *testing.T, server *databases.Server) {
	t.Helper()
	db := database(t, server, nil)
	open(t, db, pgstore.Config{})
	f := &forgetful{DB: db, lost: make(map[string]bool)}
	s, err := pgstore.New(f, pgstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := s.Lock(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	r := record("k")
	save(t, s, r)
	save(t, s, r)
	if err := s.SaveFinished(t.Context(), r); err != nil {
		t.Error(err)
	}
	if err := s.Delete(t.Context(), "k", r.Revision); err != nil {
		t.Error(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
	if want := 6; len(f.lost) != want {
		t.Errorf("%d statements lost their answer, want %d", len(f.lost), want)
	}
	for _, table := range []string{"records", "locks"} {
		if n := count(t, db, "tusker."+table); n != 0 {
			t.Errorf("%d rows of %s are left, want 0", n, table)
		}
	}
}

// TestAdder is the body of the processes of twoProcesses.
func TestAdder(t *testing.T) {
	db, err := pgxpool.New(t.Context(), databases.ProcessURL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	databases.Add(t, open(t, db, pgstore.Config{}))
}

// twoProcesses checks that two processes that change one record at the same time lose no change.
func twoProcesses(t *testing.T, server *databases.Server) {
	t.Helper()
	databases.AddTogether(t, server, "TestAdder", open(t, connect(t, server, nil), pgstore.Config{}))
}
