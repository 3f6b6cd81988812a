package redisstore

import (
	"context"
	"fmt"
	"iter"

	"github.com/tusker-go/tusker/client/journal"
)

// ListSuffix implements journal.SuffixLister. A set has the keys for a suffix of the form of
// [journal.PlaceSuffix], the only one that clients use. For any other suffix, Redis looks at all
// of its keys, as for List.
func (s *Store) ListSuffix(ctx context.Context, suffix string) iter.Seq2[*journal.Record, error] {
	if suffix == "" || suffix != journal.PlaceSuffix(suffix) {
		return s.list(ctx, suffix)
	}
	return func(yield func(*journal.Record, error) bool) {
		keys, err := call(ctx, func() ([]string, error) { return s.db.SMembers(ctx, s.placeKey(suffix)).Result() })
		if err != nil {
			yield(nil, fmt.Errorf("redisstore: list records: %w", err))
			return
		}
		for i, key := range keys {
			keys[i] = s.recordKey(key)
		}
		if len(keys) > 0 {
			s.yieldRecords(ctx, keys, yield)
		}
	}
}

func (s *Store) placeKey(suffix string) string { return s.prefix + "{" + suffix + "}:place" }

// addPlace adds a key to the set of its place, before its record is saved. The set may be in
// another node than the record, so a crash can leave a key without a record.
func (s *Store) addPlace(ctx context.Context, key string) error {
	suffix := journal.PlaceSuffix(key)
	if suffix == "" {
		return nil
	}
	return s.db.SAdd(ctx, s.placeKey(suffix), key).Err()
}

// removePlace removes a key from the set of its place, after its record was deleted.
func (s *Store) removePlace(ctx context.Context, key string) error {
	suffix := journal.PlaceSuffix(key)
	if suffix == "" {
		return nil
	}
	return s.db.SRem(ctx, s.placeKey(suffix), key).Err()
}
