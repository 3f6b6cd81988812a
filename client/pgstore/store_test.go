package pgstore_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/lease"
	"github.com/tusker-go/tusker/client/pgstore"
	"github.com/tusker-go/tusker/client/storetest"
	"github.com/tusker-go/tusker/client/storetest/databases"
	"github.com/tusker-go/tusker/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// connect returns a pool that is closed at the end of the test. Change may be nil.
func connect(t *testing.T, server *databases.Server, change func(*pgxpool.Config)) *pgxpool.Pool {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(cfg)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// open returns a Store with these options, whose tables exist.
func open(t *testing.T, db pgstore.DB, cfg pgstore.Config) *pgstore.Store {
	t.Helper()
	if err := pgstore.Migrate(t.Context(), db, cfg); err != nil {
		t.Fatal(err)
	}
	s, err := pgstore.New(db, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// record returns a record of an upload.
func record(key string) *journal.Record {
	return &journal.Record{
		Key: key, Endpoint: "https://tus.example/files/", URL: "https://tus.example/files/" + key + "?a&b", Source: "/é",
		Length: protocol.Known(10), Offset: 4, Updated: time.Unix(1, 0).UTC(),
	}
}

func save(t *testing.T, s *pgstore.Store, r *journal.Record) {
	t.Helper()
	if err := s.Save(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

// exec runs SQL of a test.
func run(t *testing.T, db pgstore.DB, sql string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// count returns the number of rows of a table.
func count(t *testing.T, db *pgxpool.Pool, table string) int {
	t.Helper()
	var n int
	if err := db.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestPostgres runs the tests that can share a server.
func TestPostgres(t *testing.T) {
	t.Parallel()
	server := databases.Postgres(t)
	for name, test := range map[string]func(*testing.T, *databases.Server){
		"store": store, "migrates concurrently": migratesConcurrently, "schema exists": schemaExists, "lists pages": listsPages,
		"no tables": noTables, "content": content, "damaged record": damagedRecord, "newer version": newerVersion,
		"damaged finished upload": damagedSent, "prunes": prunes, "holder is killed": holderIsKilled,
		"read-only": readOnly, "connection is killed": connectionIsKilled, "two processes": twoProcesses,
		"answers are lost": answersAreLost,
	} {
		t.Run(name, func(t *testing.T) { test(t, server) })
	}
}

// database returns a pool for an empty database of the server. Change may be nil.
func database(t *testing.T, server *databases.Server, change func(*pgxpool.Config)) *pgxpool.Pool {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	run(t, connect(t, server, nil), "CREATE DATABASE "+name)
	return connect(t, server, func(cfg *pgxpool.Config) {
		cfg.ConnConfig.Database = name
		if change != nil {
			change(cfg)
		}
	})
}

// store runs the shared tests with a schema of its own for each of them. Both handles of a
// test have connections of their own.
func store(t *testing.T, server *databases.Server) {
	t.Helper()
	for name, change := range map[string]func(*pgxpool.Config){
		"default": nil,
		// A database that is set up so may undo any statement. The pool has few connections, and
		// the protocol is that for a pooler between the pool and the database.
		"serializable": func(cfg *pgxpool.Config) {
			cfg.MaxConns = 2
			cfg.ConnConfig.RuntimeParams["default_transaction_isolation"] = "serializable"
			cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
		},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && change != nil {
				t.Skip("takes some seconds")
			}
			var schemas atomic.Int32
			db, other := connect(t, server, change), connect(t, server, change)
			storetest.Run(t, func(t *testing.T) storetest.Config {
				t.Helper()
				cfg := pgstore.Config{Schema: fmt.Sprintf(`%s "%d"`, name, schemas.Add(1)), Lease: 3 * time.Second}
				return storetest.Config{
					Store:  open(t, db, cfg),
					Reopen: func(t *testing.T) journal.Store { t.Helper(); return open(t, other, cfg) },
					LoseLease: func(t *testing.T, key string) {
						t.Helper()
						run(t, db, "DELETE FROM "+pgx.Identifier{cfg.Schema}.Sanitize()+".locks WHERE key = $1", key)
					},
					Patience: time.Minute,
				}
			})
		})
	}
}

// Several processes may create the tables at the same time, and again.
func migratesConcurrently(t *testing.T, server *databases.Server) {
	t.Helper()
	db := database(t, server, nil)
	for range 5 {
		run(t, db, "DROP SCHEMA IF EXISTS tusker CASCADE")
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if err := pgstore.Migrate(t.Context(), db, pgstore.Config{}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	save(t, open(t, db, pgstore.Config{}), record("k"))
	if n := count(t, db, "tusker.records"); n != 1 {
		t.Errorf("%d records after another migration, want 1", n)
	}
}

// A program that may not create schemas uses one that exists, and Schema is all that Migrate does
// in it.
func schemaExists(t *testing.T, server *databases.Server) {
	t.Helper()
	db := database(t, server, nil)
	cfg := pgstore.Config{Schema: "uploads"}
	run(t, db, "CREATE ROLE app LOGIN PASSWORD 'x'; CREATE SCHEMA uploads AUTHORIZATION app; SET ROLE app; "+pgstore.Schema(cfg))
	run(t, db, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
	if err := db.AcquireFunc(t.Context(), func(c *pgxpool.Conn) error {
		if _, err := c.Exec(t.Context(), "SET ROLE app"); err != nil {
			return err
		}
		return pgstore.Migrate(t.Context(), c, cfg)
	}); err != nil {
		t.Fatal(err)
	}
	save(t, open(t, db, cfg), record("k"))
}

// A list of more records than one page returns each once.
func listsPages(t *testing.T, server *databases.Server) {
	t.Helper()
	db := database(t, server, func(cfg *pgxpool.Config) { cfg.MaxConns = 1 })
	s := open(t, db, pgstore.Config{})
	const n = 401
	for i := range n {
		save(t, s, record(fmt.Sprintf("k%d-place", i)))
	}
	for name, suffix := range map[string]string{"all": "", "suffix": "-place"} {
		seen := make(map[string]bool)
		for r, err := range s.ListSuffix(t.Context(), suffix) {
			if err != nil || seen[r.Key] {
				t.Fatalf("%s: record %v, error %v", name, r, err)
			}
			seen[r.Key] = true
			// The only connection is free.
			if _, err := s.Load(t.Context(), r.Key); err != nil {
				t.Fatal(err)
			}
		}
		if len(seen) != n {
			t.Errorf("%s: %d records, want %d", name, len(seen), n)
		}
	}
}

// Options that cannot work are refused without a call.
func TestInvalidOptions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		db  pgstore.DB
		cfg pgstore.Config
	}{
		"no database":    {nil, pgstore.Config{}},
		"short lease":    {new(pgxpool.Pool), pgstore.Config{Lease: lease.MinTTL - 1}},
		"negative lease": {new(pgxpool.Pool), pgstore.Config{Lease: -1}},
	} {
		if _, err := pgstore.New(c.db, c.cfg); !errors.Is(err, failure.ErrInvalidOption) {
			t.Errorf("%s: error %v, want %v", name, err, failure.ErrInvalidOption)
		}
	}
}

// A Store without tables fails with an error of the database, and not as if it were empty.
func noTables(t *testing.T, server *databases.Server) {
	t.Helper()
	s, err := pgstore.New(database(t, server, nil), pgstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(context.Background(), "k"); err == nil || errors.Is(err, journal.ErrNoRecord) {
		t.Errorf("Load: error %v, want an error and not ErrNoRecord", err)
	}
}
