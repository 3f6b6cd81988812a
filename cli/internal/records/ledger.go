package records

import (
	"context"

	"github.com/tusker-go/tusker/client"
)

// NewLedger returns the ledger of finished uploads beside the records of j.
func NewLedger(j *Journal) *Ledger { return &Ledger{journal: j} }

// Ledger stores records of finished uploads beside those of unfinished ones.
type Ledger struct {
	journal *Journal
}

// LoadFinished implements client.Ledger.
func (l *Ledger) LoadFinished(ctx context.Context, endpoint, key string) (*client.Record, error) {
	store, ok := l.journal.open().(client.Ledger)
	if !ok {
		return nil, client.ErrNoRecord // The user was told that records end with the run.
	}
	return store.LoadFinished(ctx, endpoint, key)
}

// SaveFinished implements client.Ledger.
func (l *Ledger) SaveFinished(ctx context.Context, r *client.Record) error {
	store, ok := l.journal.open().(client.Ledger)
	if !ok {
		return nil
	}
	return store.SaveFinished(ctx, withPath(&l.journal.names, r))
}
