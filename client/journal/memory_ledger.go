package journal

import (
	"context"
	"fmt"
)

// ledgerKey identifies the record of a finished upload.
type ledgerKey struct{ endpoint, key string }

// LoadFinished implements [Ledger]. The error Is [ErrNoRecord] or
// [ErrInvalidRecord], or the cause of ctx.
func (s *MemoryStore) LoadFinished(ctx context.Context, endpoint, key string) (*Record, error) {
	if err := memoryCall(ctx, "load finished", key); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.ledger[ledgerKey{endpoint, key}]
	if !ok {
		return nil, fmt.Errorf("load finished record %s: %w", key, ErrNoRecord)
	}
	return r.clone(), nil
}

// SaveFinished implements [Ledger]. The error Is [ErrInvalidRecord] or the cause of
// ctx. It forgets nothing, so memory grows by some hundred bytes for
// each file.
func (s *MemoryStore) SaveFinished(ctx context.Context, r *Record) error {
	if err := r.Validate(); err != nil {
		return fmt.Errorf("save finished record: %w", err)
	}
	if err := memoryCall(ctx, "save finished", r.Key); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ledger == nil {
		s.ledger = make(map[ledgerKey]*Record)
	}
	finished := r.clone()
	finished.Revision = ""
	s.ledger[ledgerKey{r.Endpoint, r.Key}] = finished
	return nil
}
