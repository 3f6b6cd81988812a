package redisstore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tusker-go/tusker/client/journal"
)

// Prune deletes the records that were last saved olderThan ago or longer, and the finished
// uploads that were neither saved nor looked up for that long, and returns how many. Lookups
// count to the day. Zero and negative ages mean all. Records that are locked, or of a newer
// version, stay. Redis looks at all of its keys, and its clock decides. Prune ends with the
// first error.
func (s *Store) Prune(ctx context.Context, olderThan time.Duration) (removed int, err error) {
	seconds := int64(max(olderThan, 0) / time.Second)
	for _, of := range []struct {
		part  string
		prune func(p redis.Pipeliner, key string)
	}{
		{recordPart, func(p redis.Pipeliner, key string) {
			pruneRecord.Eval(ctx, p, []string{key, lockOf(key)}, seconds, journal.Version)
		}},
		{sentPart, func(p redis.Pipeliner, key string) { pruneSent.Eval(ctx, p, []string{key}, seconds) }},
	} {
		for keys, err := range s.scan(ctx, of.part+"*") {
			var deleted []string
			if err == nil {
				deleted, err = call(ctx, func() ([]string, error) { return s.pruneKeys(ctx, keys, of.prune) })
			}
			removed += len(deleted)
			if err != nil {
				return removed, fmt.Errorf("redisstore: prune: %w", err)
			}
		}
	}
	return removed, nil
}

// pruneKeys calls prune for each key in Redis, and returns those that were deleted.
func (s *Store) pruneKeys(ctx context.Context, keys []string, prune func(p redis.Pipeliner, key string)) (deleted []string, err error) {
	answers, err := s.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, key := range keys {
			prune(p, key)
		}
		return nil
	})
	for i, answer := range answers {
		if done, _ := answer.(*redis.Cmd).Bool(); done {
			deleted = append(deleted, keys[i])
		}
	}
	for _, key := range deleted {
		if _, key, isRecord := strings.Cut(key, "}"+recordPart); isRecord && err == nil {
			err = s.removePlace(ctx, key)
		}
	}
	return deleted, err
}

// lockOf returns the key in Redis of the lock of a record.
func lockOf(recordKey string) string {
	tag, key, _ := strings.Cut(recordKey, "}"+recordPart)
	return tag + "}" + lockPart + key
}
