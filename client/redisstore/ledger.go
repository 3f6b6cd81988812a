package redisstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tusker-go/tusker/client/journal"
)

// usedPrecision is how exactly the time of the last lookup of a finished upload is kept, so
// that most lookups write nothing.
const usedPrecision = 24 * time.Hour

// LoadFinished implements journal.Ledger. The error Is [journal.ErrRecordVersion] if a newer
// version saved the record.
func (s *Store) LoadFinished(ctx context.Context, endpoint, key string) (*journal.Record, error) {
	r, err := do(ctx, key, func() (*journal.Record, error) { return s.loadFinished(ctx, endpoint, key) })
	if err != nil {
		return nil, failed("load finished", key, err)
	}
	return r, nil
}

func (s *Store) loadFinished(ctx context.Context, endpoint, key string) (*journal.Record, error) {
	keys := []string{s.sentKey(endpoint, key)}
	text, err := loadSent.Run(ctx, s.db, keys, int64(usedPrecision/time.Second)).Text()
	if errors.Is(err, redis.Nil) {
		return nil, journal.ErrNoRecord
	}
	if err != nil {
		return nil, err
	}
	r, err := journal.Decode(key, []byte(text))
	if err == nil && r.Endpoint != endpoint {
		err = fmt.Errorf("%w: it is of another endpoint", journal.ErrRecordDamaged)
	}
	if errors.Is(err, journal.ErrRecordDamaged) {
		if aside := discardSent.Run(ctx, s.db, keys, text).Err(); aside != nil {
			return nil, fmt.Errorf("%w (and it cannot be put aside: %w)", err, aside)
		}
	}
	if err != nil {
		return nil, err
	}
	r.Revision = ""
	return r, nil
}

// SaveFinished implements journal.Ledger.
func (s *Store) SaveFinished(ctx context.Context, r *journal.Record) error {
	if err := r.Validate(); err != nil {
		return fmt.Errorf("redisstore: save finished record: %w", err)
	}
	text, err := journal.Encode(r, "")
	if err != nil {
		return failed("save finished", r.Key, err)
	}
	key := s.sentKey(r.Endpoint, r.Key)
	if _, err := do(ctx, r.Key, func() (bool, error) {
		return saveSent.Run(ctx, s.db, []string{key}, text, journal.VersionOf(r)).Bool()
	}); err != nil {
		return failed("save finished", r.Key, err)
	}
	return nil
}
