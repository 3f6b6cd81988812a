// Package pgstore keeps records of uploads in PostgreSQL, so that the processes of many
// machines can share them.
//
//	pool, err := pgxpool.New(ctx, "postgres://user@db.example/app")
//	err = pgstore.Migrate(ctx, pool, pgstore.Config{})
//	store, err := pgstore.New(pool, pgstore.Config{})
//
// The program makes and closes the pool; a Store opens no connection of its own. It needs no
// session of its own either, so a pooler such as PgBouncer between them does no harm, if pgx is
// set up for it.
//
// # Tables
//
// [Migrate] creates the tables, or [Schema] returns their SQL for a tool of your own. The database
// has to be in UTF-8. Other programs may read the tables:
//
//   - records has the unfinished uploads. Its column record is the JSON of [journal.Encode].
//   - sent has the finished uploads by the SHA-256 of their endpoint.
//   - locks has the holders of locks. The lock of a row that has expired is free.
//
// All times are those of the database. A record that is damaged has the revision "" or the
// version 0, and counts as none. [Store.Prune] removes old rows; nothing else does.
//
// # What PostgreSQL may lose
//
// With its default settings, PostgreSQL loses nothing that it has confirmed. With
// synchronous_commit off, or after a failover to an asynchronous replica, the latest changes are
// missing. Their files may be sent twice then, although Config.Once of package client is set.
//
// A statement whose connection ended is run again over another connection, up to 20 times without a
// wait, and has the same result. So a restart of the database, or a pooler that closes connections,
// fails no call if the database answers again. A database that cannot be reached, or that is
// read-only, refuses changes with its own error, which is worth a retry. A read-only one still
// answers which uploads are unfinished and finished.
package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/lease"
)

// DefaultSchema is the schema of the tables if Config.Schema is "".
const DefaultSchema = "tusker"

// DB runs SQL, as a *pgxpool.Pool does. It is safe for concurrent use. Each statement is a
// transaction.
type DB interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Config has the options of a Store. The zero value has the defaults.
type Config struct {
	// Schema is the schema of the tables in the database. Stores with different schemas share
	// nothing. "": DefaultSchema.
	Schema string

	// Lease is after which time the lock of a process that was killed is free. A process that
	// cannot reach the database for two thirds of that time ends its upload with
	// journal.ErrLeaseLost. It is lease.MinTTL at least. 0: lease.DefaultTTL.
	Lease time.Duration
}

// Store is a [journal.Store], [journal.Lister], [journal.SuffixLister], [journal.Leaser] and
// [journal.Ledger] in PostgreSQL. [New] makes one; the zero value cannot be used. It is safe
// for concurrent use, and any number of Stores, in any number of processes, may share the
// tables. There is nothing to close.
//
// An error that is not one of package journal is that of the database, and worth a retry.
type Store struct {
	db  DB
	sql statements
	ttl time.Duration
}

var (
	_ journal.Store  = (*Store)(nil)
	_ journal.Lister = (*Store)(nil)
	_ journal.Leaser = (*Store)(nil)
	_ journal.Ledger = (*Store)(nil)

	_ journal.SuffixLister = (*Store)(nil)
)

// New returns the Store with these options. It does not call the database, whose tables have
// to exist before the first use, see [Migrate]. The error Is [failure.ErrInvalidOption].
func New(db DB, cfg Config) (*Store, error) {
	if cfg.Lease == 0 {
		cfg.Lease = lease.DefaultTTL
	}
	switch {
	case db == nil:
		return nil, fmt.Errorf("pgstore: %w: the database is nil", failure.ErrInvalidOption)
	case cfg.Lease < lease.MinTTL:
		return nil, fmt.Errorf("pgstore: %w: a lease of %v, less than %v", failure.ErrInvalidOption, cfg.Lease, lease.MinTTL)
	}
	return &Store{db: db, sql: statementsIn(cfg.schema()), ttl: cfg.Lease}, nil
}

// Load implements journal.Store. A damaged record stays in its table until a new one replaces
// it, and counts as none from now on.
func (s *Store) Load(ctx context.Context, key string) (*journal.Record, error) {
	if err := begin(ctx, key); err != nil {
		return nil, failed("load", key, err)
	}
	r, err := s.load(ctx, key)
	if err != nil {
		return nil, failed("load", key, err)
	}
	return r, nil
}

func (s *Store) load(ctx context.Context, key string) (*journal.Record, error) {
	found, err := s.rows(ctx, s.sql.loadRecord, key)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, journal.ErrNoRecord
	}
	r, err := found[0].decode()
	if errors.Is(err, journal.ErrRecordDamaged) {
		if _, aside := s.exec(ctx, s.sql.discardRecord, key, found[0].revision); aside != nil {
			return nil, fmt.Errorf("%w (and it cannot be put aside: %w)", err, aside)
		}
	}
	return r, err
}

// row is a record in its table.
type row struct{ key, revision, text string }

func (r row) decode() (*journal.Record, error) {
	record, err := journal.Decode(r.key, []byte(r.text))
	if err != nil {
		return nil, err
	}
	record.Revision = r.revision
	return record, nil
}

// rows returns the records that a statement selects.
func (s *Store) rows(ctx context.Context, sql string, args ...any) ([]row, error) {
	return repeat(ctx, func() ([]row, error) {
		result, err := s.db.Query(ctx, sql, args...)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(result, func(c pgx.CollectableRow) (row, error) {
			var r row
			err := c.Scan(&r.key, &r.revision, &r.text)
			return r, err
		})
	})
}

// Save implements journal.Store.
func (s *Store) Save(ctx context.Context, r *journal.Record) error {
	if err := journal.SaveBySwap(ctx, r, s.swap, s.load); err != nil {
		return fmt.Errorf("pgstore: %w", err)
	}
	return nil
}

func (s *Store) swap(ctx context.Context, next journal.Swap) (saved bool, err error) {
	if next.Known == "" {
		return s.exec(ctx, s.sql.insertRecord, next.Key, next.Revision, next.Version, string(next.Text))
	}
	return s.exec(ctx, s.sql.updateRecord, next.Key, next.Revision, next.Version, string(next.Text), next.Known)
}

// Delete implements journal.Store. A damaged record stays.
func (s *Store) Delete(ctx context.Context, key, revision string) error {
	err := begin(ctx, key)
	deleted := false
	if err == nil {
		deleted, err = s.exec(ctx, s.sql.deleteRecord, key, revision)
	}
	if err == nil && !deleted {
		var others []row
		if others, err = s.rows(ctx, s.sql.loadRecord, key); len(others) > 0 {
			err = journal.ErrConflict
		}
	}
	if err != nil {
		return failed("delete", key, err)
	}
	return nil
}

// begin checks the arguments that methods have in common.
func begin(ctx context.Context, key string) error {
	if err := journal.CheckKey(key); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// exec runs a statement and reports whether it changed a row.
func (s *Store) exec(ctx context.Context, sql string, args ...any) (changed bool, err error) {
	tag, err := repeat(ctx, func() (pgconn.CommandTag, error) { return s.db.Exec(ctx, sql, args...) })
	return tag.RowsAffected() > 0, err
}

func failed(op, key string, err error) error {
	if journal.CheckKey(key) != nil {
		return fmt.Errorf("pgstore: %s record: %w", op, err)
	}
	return fmt.Errorf("pgstore: %s record %s: %w", op, key, err)
}
