package clienttest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
)

// Records returns all records of store.
func Records(t *testing.T, store client.Lister) []client.Record {
	t.Helper()
	var list []client.Record
	for r, err := range store.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, *r)
	}
	return list
}

// OnlyRecord returns the record of store. The test ends if there is not exactly one.
func OnlyRecord(t *testing.T, store client.Lister) client.Record {
	t.Helper()
	list := Records(t, store)
	if len(list) != 1 {
		t.Fatalf("%d records, want 1: %+v", len(list), list)
	}
	return list[0]
}

// WantRecord checks that store contains only the record before, unchanged.
func WantRecord(t *testing.T, store client.Lister, before client.Record) {
	t.Helper()
	if diff := cmp.Diff(before, OnlyRecord(t, store)); diff != "" {
		t.Errorf("record (-before +after):\n%s", diff)
	}
}

// WantNoRecord checks that store is empty.
func WantNoRecord(t *testing.T, store client.Lister) {
	t.Helper()
	if list := Records(t, store); len(list) > 0 {
		t.Errorf("records %+v, want none", list)
	}
}

// WantUnlocked checks that the lock of a record is free.
func WantUnlocked(t *testing.T, store client.Store, key string) {
	t.Helper()
	unlock, err := store.Lock(t.Context(), key)
	if err != nil {
		t.Fatalf("the lock is not free: %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
}

// SpyStore records the calls of a Store, and lets some of them fail. It is not safe for
// concurrent use.
type SpyStore struct {
	client.Store
	Calls []string                  // "load", "save", "delete", "lock" and "unlock"
	Fail  func(method string) error // returns the error of a call; nil: no call fails
}

func (s *SpyStore) call(method string) error {
	s.Calls = append(s.Calls, method)
	if s.Fail == nil {
		return nil
	}
	return s.Fail(method)
}

// Load implements client.Store.
func (s *SpyStore) Load(ctx context.Context, key string) (*client.Record, error) {
	if err := s.call("load"); err != nil {
		return nil, err
	}
	return s.Store.Load(ctx, key)
}

// Save implements client.Store.
func (s *SpyStore) Save(ctx context.Context, r *client.Record) error {
	if err := s.call("save"); err != nil {
		return err
	}
	return s.Store.Save(ctx, r)
}

// Delete implements client.Store.
func (s *SpyStore) Delete(ctx context.Context, key, revision string) error {
	if err := s.call("delete"); err != nil {
		return err
	}
	return s.Store.Delete(ctx, key, revision)
}

// Lock implements client.Store.
func (s *SpyStore) Lock(ctx context.Context, key string) (func() error, error) {
	if err := s.call("lock"); err != nil {
		return nil, err
	}
	unlock, err := s.Store.Lock(ctx, key)
	if err != nil {
		return nil, err
	}
	return func() error { return errors.Join(s.call("unlock"), unlock()) }, nil
}

// AlteredStore is a Store whose Load returns changed records or an error. A record for which
// Alter returns client.ErrRecordDamaged counts as none in Save, too.
type AlteredStore struct {
	*client.MemoryStore
	Alter func(*client.Record) error // changes a record that is loaded, or fails
	Saves int                        // the number of calls of Save
}

// Load implements client.Store.
func (s *AlteredStore) Load(ctx context.Context, key string) (*client.Record, error) {
	r, err := s.MemoryStore.Load(ctx, key)
	if err != nil {
		return nil, err
	}
	if err := s.Alter(r); err != nil {
		return nil, err
	}
	return r, nil
}

// Save implements client.Store.
func (s *AlteredStore) Save(ctx context.Context, r *client.Record) error {
	s.Saves++
	old, err := s.MemoryStore.Load(ctx, r.Key)
	if err == nil && r.Revision == "" && errors.Is(s.Alter(old), client.ErrRecordDamaged) {
		r.Revision = old.Revision
	}
	return s.MemoryStore.Save(ctx, r)
}

// PartURLs returns the URLs of the parts of r.
func PartURLs(r client.Record) []string {
	var urls []string
	for _, p := range r.Parts {
		urls = append(urls, p.URL)
	}
	return urls
}
