package storetest_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/tusker-go/tusker/client/journal"
)

// stored returns the revision that a Store has of a key.
func (a *altered) stored(ctx context.Context, key string) string {
	r, err := a.MemoryStore.Load(ctx, key)
	if err != nil {
		return ""
	}
	return r.Revision
}

// brokenRevisions are Stores with a fault in the revisions of their records.
var brokenRevisions = map[string]brokenStore{
	"saves any revision": {
		alter: func(a *altered) {
			a.save = func(ctx context.Context, r *journal.Record) error {
				if r != nil && journal.CheckKey(r.Key) == nil {
					r.Revision = a.stored(ctx, r.Key)
				}
				return a.MemoryStore.Save(ctx, r)
			}
		},
		found: []string{"save_is_conditional", "delete_is_conditional", "revision_survives_reopening"},
	},
	"replaces a record that the caller does not know": {
		alter: func(a *altered) {
			a.save = func(ctx context.Context, r *journal.Record) error {
				if r != nil && r.Revision == "" {
					r.Revision = a.stored(ctx, r.Key)
				}
				return a.MemoryStore.Save(ctx, r)
			}
		},
		found: []string{"save_is_conditional", "concurrent_zombies"},
	},
	"saves a deleted record": {
		alter: func(a *altered) {
			a.save = func(ctx context.Context, r *journal.Record) error {
				if r != nil && journal.CheckKey(r.Key) == nil && a.stored(ctx, r.Key) == "" {
					r.Revision = ""
				}
				return a.MemoryStore.Save(ctx, r)
			}
		},
		found: []string{"save_is_conditional", "delete_is_conditional"},
	},
	"deletes any revision": {
		alter: func(a *altered) {
			a.delete = func(ctx context.Context, key, _ string) error {
				return a.MemoryStore.Delete(ctx, key, a.stored(ctx, key))
			}
		},
		found: []string{"delete_is_conditional", "revision_survives_reopening"},
	},
	"forgets the revision": {
		alter: alterLoaded(func(r *journal.Record) { r.Revision = "" }),
		found: []string{"revision_survives_reopening"},
	},
	"compares and saves in two steps": {
		alter: func(a *altered) {
			var comparing atomic.Int32
			a.save = func(ctx context.Context, r *journal.Record) error {
				if r == nil || r.Validate() != nil {
					return a.MemoryStore.Save(ctx, r)
				}
				if a.stored(ctx, r.Key) != r.Revision {
					return journal.ErrConflict
				}
				// Another call gets the chance to compare before this one saves.
				comparing.Add(1)
				for range 1000 {
					if comparing.Load() > 1 {
						break
					}
					runtime.Gosched()
				}
				var err error
				for r.Revision = a.stored(ctx, r.Key); ; r.Revision = a.stored(ctx, r.Key) {
					if err = a.MemoryStore.Save(ctx, r); !errors.Is(err, journal.ErrConflict) {
						break
					}
				}
				comparing.Add(-1)
				return err
			}
		},
		found: []string{"concurrent_zombies"},
	},
	"counts the revisions of each record from 1": {
		alter: func(a *altered) {
			var mu sync.Mutex
			counts, inner := make(map[string]int), make(map[string]string)
			outer := func(key string) string {
				if counts[key] == 0 {
					return ""
				}
				return strconv.Itoa(counts[key])
			}
			a.save = func(ctx context.Context, r *journal.Record) error {
				mu.Lock()
				defer mu.Unlock()
				if r == nil {
					return a.MemoryStore.Save(ctx, r)
				}
				if r.Revision != outer(r.Key) {
					return journal.ErrConflict
				}
				c := *r
				c.Revision = inner[r.Key]
				if err := a.MemoryStore.Save(ctx, &c); err != nil {
					return err
				}
				counts[r.Key]++
				inner[r.Key], r.Revision = c.Revision, outer(r.Key)
				return nil
			}
			a.load = func(ctx context.Context, key string) (*journal.Record, error) {
				mu.Lock()
				defer mu.Unlock()
				r, err := a.MemoryStore.Load(ctx, key)
				if err == nil {
					r.Revision = outer(key)
				}
				return r, err
			}
			a.delete = func(ctx context.Context, key, revision string) error {
				mu.Lock()
				defer mu.Unlock()
				if counts[key] > 0 && revision != outer(key) {
					return journal.ErrConflict
				}
				if err := a.MemoryStore.Delete(ctx, key, inner[key]); err != nil {
					return err
				}
				delete(counts, key)
				delete(inner, key)
				return nil
			}
		},
		found: []string{"revisions_do_not_recur"},
	},
}

// brokenLeases are Stores with a fault in their leases.
var brokenLeases = map[string]brokenStore{
	"does not end a lost lease":                        {lease: func(l *leasing) { l.cause = nil }, found: []string{"lease_is_lost"}},
	"ends a lost lease without its cause":              {lease: func(l *leasing) { l.cause = context.Canceled }, found: []string{"lease_is_lost"}},
	"releases the lease of the next holder":            {lease: func(l *leasing) { l.frees = true }, found: []string{"release_is_idempotent", "lease_is_lost"}},
	"ends a lease with the context of the call":        {lease: func(l *leasing) { l.bound = true }, found: []string{"lease_outlives_its_context"}},
	"does not end the context of a lease at a release": {lease: func(l *leasing) { l.stands = true }, found: []string{"lease_outlives_its_context"}},
	"leases what is locked":                            {lease: func(l *leasing) { l.mixed = true }, found: []string{"lease_excludes"}},
}
