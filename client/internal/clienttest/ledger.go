package clienttest

import (
	"context"
	"errors"
	"sync"

	"github.com/tusker-go/tusker/client"
)

// Ledger is a client.Ledger in memory. The zero value is empty. It is safe for concurrent
// use if its fields are not changed at the same time.
type Ledger struct {
	Records map[string]client.Record // by endpoint, a space, and key
	Err     error                    // if not nil, both methods fail with it
	Alter   func(*client.Record)     // changes each record that is loaded; nil: no change
	Damaged bool                     // the next LoadFinished fails with ErrRecordDamaged

	mu sync.Mutex
}

// LoadFinished implements client.Ledger.
func (m *Ledger) LoadFinished(_ context.Context, endpoint, key string) (*client.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Damaged {
		m.Damaged = false
		return nil, client.ErrRecordDamaged
	}
	r, ok := m.Records[endpoint+" "+key]
	if m.Err != nil || !ok {
		return nil, errors.Join(m.Err, client.ErrNoRecord)
	}
	if m.Alter != nil {
		m.Alter(&r)
	}
	return &r, m.Err
}

// SaveFinished implements client.Ledger.
func (m *Ledger) SaveFinished(_ context.Context, r *client.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Err == nil {
		if m.Records == nil {
			m.Records = make(map[string]client.Record)
		}
		m.Records[r.Endpoint+" "+r.Key] = *r
	}
	return m.Err
}
