package pgstore

import (
	"context"
	_ "embed" // schema.sql
	"fmt"

	"github.com/jackc/pgx/v5"
)

//go:embed schema.sql
var schemaSQL string

// Schema returns the SQL that creates the tables in the schema of cfg, which must exist. Its
// statements can be repeated.
func Schema(cfg Config) string { return inSchema(cfg.schema(), schemaSQL) }

// Migrate creates the schema and the tables, unless they exist. It may be called at each start
// of a program, and by several processes at the same time. A later version of this package may
// have more columns, which its Migrate adds.
func Migrate(ctx context.Context, db DB, cfg Config) error {
	sql := Schema(cfg)
	found, err := hasSchema(ctx, db, cfg.schema())
	if err == nil && !found {
		// Even with IF NOT EXISTS, it needs a privilege that a program seldom has.
		sql = "CREATE SCHEMA IF NOT EXISTS " + pgx.Identifier{cfg.schema()}.Sanitize() + ";\n" + sql
	}
	if err == nil {
		err = create(ctx, db, sql)
	}
	if err != nil {
		return fmt.Errorf("pgstore: migrate: %w", err)
	}
	return nil
}

func hasSchema(ctx context.Context, db DB, name string) (bool, error) {
	result, err := db.Query(ctx, "SELECT FROM pg_namespace WHERE nspname = $1", name)
	if err != nil {
		return false, err
	}
	found, err := pgx.CollectRows(result, func(pgx.CollectableRow) (struct{}, error) { return struct{}{}, nil })
	return len(found) > 0, err
}

// create runs SQL without arguments, which is one transaction. In spite of IF NOT EXISTS, it fails
// if another process creates the same at the same time, after that process has finished.
func create(ctx context.Context, db DB, sql string) (err error) {
	for range repetitions {
		_, err = db.Exec(ctx, sql)
		const uniqueViolation, duplicateSchema, duplicateTable = "23505", "42P06", "42P07"
		if !hasCode(err, uniqueViolation, duplicateSchema, duplicateTable, serializationFailure, deadlock) {
			break
		}
	}
	return err
}

func (cfg Config) schema() string {
	if cfg.Schema == "" {
		return DefaultSchema
	}
	return cfg.Schema
}
