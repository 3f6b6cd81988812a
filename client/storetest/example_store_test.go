package storetest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/storetest"
)

// table stands for the place of the records, such as a database that several machines share.
type table struct {
	mu    sync.Mutex
	rows  map[string]row
	saves int // numbers the revisions, like a sequence of a database
	held  map[string]bool
}

// row is one record. The record is in its JSON, so that the store need not change when a
// later version adds fields.
type row struct {
	revision string
	record   []byte
}

// tableStore is a journal.Store on a table.
type tableStore struct{ *table }

// refuse returns why a call must not do anything, or nil.
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
	stored, ok := s.rows[key]
	s.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("load %s: %w", key, journal.ErrNoRecord)
	}
	r := new(journal.Record)
	if err := json.Unmarshal(stored.record, r); err != nil {
		return nil, fmt.Errorf("load %s: %w: %w", key, journal.ErrRecordDamaged, err)
	}
	if err := r.Validate(); err != nil {
		return nil, fmt.Errorf("load %s: %w: %w", key, journal.ErrRecordDamaged, err)
	}
	r.Revision = stored.revision
	return r, nil
}

func (s tableStore) Save(ctx context.Context, r *journal.Record) error {
	if err := r.Validate(); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	if err := refuse(ctx, r.Key); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("save %s: %w", r.Key, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// A database does this in one statement: UPDATE … WHERE key = … AND revision = …
	if s.rows[r.Key].revision != r.Revision {
		return fmt.Errorf("save %s: %w", r.Key, journal.ErrConflict)
	}
	s.saves++
	r.Revision = strconv.Itoa(s.saves)
	s.rows[r.Key] = row{r.Revision, b}
	return nil
}

func (s tableStore) Delete(ctx context.Context, key, revision string) error {
	if err := refuse(ctx, key); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if stored, ok := s.rows[key]; ok && stored.revision != revision {
		return fmt.Errorf("delete %s: %w", key, journal.ErrConflict)
	}
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
	return &table{rows: make(map[string]row), held: make(map[string]bool)}
}

// A store of your own goes into Config.Store after it has passed the suite.
func ExampleRun_ownStore() {
	_ = func(t *testing.T) {
		t.Helper()
		storetest.Run(t, func(*testing.T) storetest.Config {
			rows := newTable()
			return storetest.Config{
				Store:  tableStore{rows},
				Reopen: func(*testing.T) journal.Store { return tableStore{rows} },
			}
		})
	}
	c, err := client.New(client.Config{Endpoint: "https://tus.example/files/", Store: tableStore{newTable()}})
	fmt.Println(c.Endpoint(), err)
	// Output:
	// https://tus.example/files/ <nil>
}

// TestTableStore checks the store of the example.
func TestTableStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Config {
		rows := newTable()
		return storetest.Config{
			Store:  tableStore{rows},
			Reopen: func(*testing.T) journal.Store { return tableStore{rows} },
		}
	})
}
