package pgstore

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/tusker-go/tusker/client/journal"
)

// page is how many records one statement of a list returns.
const page = 200

// List implements journal.Lister, in the order of the keys. No connection is in use while the
// loop runs. Damaged records are reported and stay.
func (s *Store) List(ctx context.Context) iter.Seq2[*journal.Record, error] {
	return s.list(ctx, s.sql.listRecords)
}

// ListSuffix implements journal.SuffixLister. An index finds the records.
func (s *Store) ListSuffix(ctx context.Context, suffix string) iter.Seq2[*journal.Record, error] {
	if suffix == "" {
		return s.List(ctx)
	}
	from := []byte(suffix)
	slices.Reverse(from)
	// No character of a key is greater than 'z', so no reversed key with this beginning is
	// greater than it.
	return s.list(ctx, s.sql.listSuffix, string(from), string(from)+"~")
}

// list yields the records of a statement whose first arguments are the last key of the page
// before and the length of a page.
func (s *Store) list(ctx context.Context, sql string, args ...any) iter.Seq2[*journal.Record, error] {
	return func(yield func(*journal.Record, error) bool) {
		for last := ""; ; {
			found, err := s.page(ctx, sql, last, args)
			if err != nil {
				yield(nil, fmt.Errorf("pgstore: list records: %w", err))
				return
			}
			for _, one := range found {
				if ctx.Err() != nil {
					yield(nil, fmt.Errorf("pgstore: list records: %w", context.Cause(ctx)))
					return
				}
				last = one.key
				r, err := one.decode()
				if err != nil {
					r, err = nil, failed("list", one.key, err)
				}
				if !yield(r, err) {
					return
				}
			}
			if len(found) < page {
				return
			}
		}
	}
}

func (s *Store) page(ctx context.Context, sql, last string, args []any) ([]row, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return s.rows(ctx, sql, append([]any{last, page}, args...)...)
}

// Prune deletes the records that were last saved olderThan ago or longer, and the finished
// uploads that were neither saved nor looked up for that long, and returns how many. Lookups
// count to the day. Zero and negative ages mean all. Records that are locked, or of a newer
// version, stay. The clock of the database decides.
func (s *Store) Prune(ctx context.Context, olderThan time.Duration) (removed int, err error) {
	seconds := max(olderThan, 0).Seconds()
	for _, statement := range []struct {
		sql    string
		args   []any
		counts bool
	}{
		{s.sql.pruneRecords, []any{seconds, journal.Version}, true},
		{s.sql.pruneSent, []any{seconds}, true},
		{s.sql.pruneLocks, nil, false}, // left behind by processes that were killed
	} {
		tag, err := s.db.Exec(ctx, statement.sql, statement.args...)
		if err != nil {
			return removed, fmt.Errorf("pgstore: prune: %w", err)
		}
		if statement.counts {
			removed += int(tag.RowsAffected())
		}
	}
	return removed, nil
}
