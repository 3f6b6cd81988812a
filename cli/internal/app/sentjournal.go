package app

import (
	"context"
	"errors"
	"path/filepath"
	"sync"

	"github.com/tusker-go/tusker/client"
)

// checkSkipping finds flags that contradict --skip-sent.
func (r *resuming) checkSkipping() error {
	switch {
	case !r.skipSent:
		return nil
	case r.noResume:
		return errors.New("--skip-sent goes by records, and --no-resume keeps none")
	case recreates[r.recreate] == client.RecreateAlways:
		return errors.New("--skip-sent leaves out what --recreate always sends again")
	}
	return nil
}

// sentJournal stores records of finished uploads beside those of unfinished ones.
type sentJournal struct {
	journal *journal

	mu     sync.Mutex
	failed bool
}

// LoadFinished implements client.Ledger.
func (s *sentJournal) LoadFinished(ctx context.Context, endpoint, key string) (*client.Record, error) {
	store, ok := s.journal.open().(client.Ledger)
	if !ok {
		return nil, client.ErrNoRecord // The user was told that records end with the run.
	}
	return store.LoadFinished(ctx, endpoint, key)
}

// SaveFinished implements client.Ledger. It reports a full disk once, and not for
// each of many files.
func (s *sentJournal) SaveFinished(ctx context.Context, r *client.Record) error {
	store, ok := s.journal.open().(client.Ledger)
	if !ok {
		return nil
	}
	saved := *r
	if path, err := filepath.Abs(r.Source); err == nil && r.Source != "" {
		saved.Source = path
	}
	err := store.SaveFinished(ctx, &saved)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && s.failed {
		return nil
	}
	s.failed = err != nil
	return err
}
