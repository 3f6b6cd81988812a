package pgstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/tusker-go/tusker/client/journal"
)

// LoadFinished implements journal.Ledger. The error Is [journal.ErrRecordVersion] if a newer
// version saved the record.
func (s *Store) LoadFinished(ctx context.Context, endpoint, key string) (*journal.Record, error) {
	if err := begin(ctx, key); err != nil {
		return nil, failed("load finished", key, err)
	}
	r, err := s.loadFinished(ctx, endpoint, key)
	if err != nil {
		return nil, failed("load finished", key, err)
	}
	return r, nil
}

func (s *Store) loadFinished(ctx context.Context, endpoint, key string) (*journal.Record, error) {
	hash := hashOf(endpoint)
	found, err := s.rows(ctx, s.sql.loadSent, hash, key)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, journal.ErrNoRecord
	}
	r, err := journal.Decode(key, []byte(found[0].text))
	if err == nil && r.Endpoint != endpoint {
		err = fmt.Errorf("%w: it is of another endpoint", journal.ErrRecordDamaged)
	}
	if errors.Is(err, journal.ErrRecordDamaged) {
		if _, aside := s.exec(ctx, s.sql.discardSent, hash, key, found[0].text); aside != nil {
			return nil, fmt.Errorf("%w (and it cannot be put aside: %w)", err, aside)
		}
	}
	if err != nil {
		return nil, err
	}
	// The time of use is kept to the day, so that most lookups write nothing. A database that is
	// read-only refuses that, and the lookup succeeds nevertheless.
	if old := found[0].revision != ""; old {
		_, _ = s.exec(ctx, s.sql.useSent, hash, key)
	}
	r.Revision = ""
	return r, nil
}

// SaveFinished implements journal.Ledger.
func (s *Store) SaveFinished(ctx context.Context, r *journal.Record) error {
	if err := r.Validate(); err != nil {
		return fmt.Errorf("pgstore: save finished record: %w", err)
	}
	text, err := journal.Encode(r, "")
	if err == nil {
		err = begin(ctx, r.Key)
	}
	if err == nil {
		_, err = s.exec(ctx, s.sql.saveSent, hashOf(r.Endpoint), r.Key, journal.VersionOf(r), string(text))
	}
	if err != nil {
		return failed("save finished", r.Key, err)
	}
	return nil
}

// hashOf returns an endpoint as the index has it, which cannot hold a long one.
func hashOf(endpoint string) string {
	sum := sha256.Sum256([]byte(endpoint))
	return hex.EncodeToString(sum[:])
}
