package client

import (
	"context"
	"fmt"
)

// sentKey is what a record of something that was sent is found by.
type sentKey struct{ endpoint, key string }

// LoadSent is that of SentStore. The error Is [ErrNoRecord] or
// [ErrInvalidRecord], or the cause of ctx.
func (s *MemoryStore) LoadSent(ctx context.Context, endpoint, key string) (*Record, error) {
	if err := memoryCall(ctx, "load sent", key); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.sent[sentKey{endpoint, key}]
	if !ok {
		return nil, fmt.Errorf("load sent record %s: %w", key, ErrNoRecord)
	}
	return r.clone(), nil
}

// SaveSent is that of SentStore. The error Is [ErrInvalidRecord] or the cause of
// ctx. Nothing that was sent is forgotten, so that memory grows by some hundred
// bytes a file.
func (s *MemoryStore) SaveSent(ctx context.Context, r *Record) error {
	if err := r.Validate(); err != nil {
		return fmt.Errorf("save sent record: %w", err)
	}
	if err := memoryCall(ctx, "save sent", r.Key); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent == nil {
		s.sent = make(map[sentKey]*Record)
	}
	s.sent[sentKey{r.Endpoint, r.Key}] = r.clone()
	return nil
}
