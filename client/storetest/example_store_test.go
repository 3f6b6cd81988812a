package storetest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/storetest"
)

// table stands in for whatever records are to be kept in: a database, a cache
// that several machines share.
type table struct {
	mu   sync.Mutex
	rows map[string][]byte
	held map[string]bool
}

// tableStore is a journal.Store on a table. A record is its JSON, so that what
// later versions add needs no change here.
type tableStore struct{ *table }

// refuse says why a call must not go on.
func refuse(ctx context.Context, key string) error {
	if err := journal.CheckKey(key); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

func (s tableStore) Load(ctx context.Context, key string) (*journal.Record, error) {
	if err := refuse(ctx, key); err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	s.mu.Lock()
	row, ok := s.rows[key]
	s.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("load %s: %w", key, journal.ErrNoRecord)
	}
	r := new(journal.Record)
	if err := json.Unmarshal(row, r); err != nil {
		return nil, fmt.Errorf("load %s: %w: %w", key, journal.ErrRecordDamaged, err)
	}
	if err := r.Validate(); err != nil {
		return nil, fmt.Errorf("load %s: %w: %w", key, journal.ErrRecordDamaged, err)
	}
	return r, nil
}

func (s tableStore) Save(ctx context.Context, r *journal.Record) error {
	if err := r.Validate(); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	if err := refuse(ctx, r.Key); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	row, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("save %s: %w", r.Key, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[r.Key] = row
	return nil
}

func (s tableStore) Delete(ctx context.Context, key string) error {
	if err := refuse(ctx, key); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rows, key)
	return nil
}

func (s tableStore) Lock(ctx context.Context, key string) (unlock func() error, err error) {
	if err := refuse(ctx, key); err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[key] {
		return nil, fmt.Errorf("lock %s: %w", key, journal.ErrBusy)
	}
	s.held[key] = true
	return sync.OnceValue(func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.held, key)
		return nil
	}), nil
}

func newTable() *table {
	return &table{rows: make(map[string][]byte), held: make(map[string]bool)}
}

// A store of one's own goes into Config.Store like any other, once it has
// passed the suite.
func ExampleRun_ownStore() {
	_ = func(t *testing.T) {
		t.Helper()
		storetest.Run(t, func(*testing.T) journal.Store { return tableStore{newTable()} },
			storetest.Reopen(func(_ *testing.T, s journal.Store) journal.Store {
				return tableStore{s.(tableStore).table}
			}))
	}
	c, err := client.New(client.Config{Endpoint: "https://tus.example/files/", Store: tableStore{newTable()}})
	fmt.Println(c.Endpoint(), err)
	// Output:
	// https://tus.example/files/ <nil>
}

// TestTableStore keeps the example true.
func TestTableStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) journal.Store { return tableStore{newTable()} },
		storetest.Reopen(func(_ *testing.T, s journal.Store) journal.Store {
			return tableStore{s.(tableStore).table}
		}))
}
