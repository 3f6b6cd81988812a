package storetest_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/protocol"
)

// brokenRecords lose or change records, or mishandle their lists and locks.
var brokenRecords = map[string]brokenStore{
	"takes length zero for unknown": {
		alter: alterLoaded(func(r *journal.Record) {
			if r.Length == protocol.Known(0) {
				r.Length = protocol.Length{}
			}
		}),
		found: []string{"every_field_comes_back"},
	},
	"keeps numbers as float64": {
		alter: alterLoaded(func(r *journal.Record) {
			if r.Offset == 1<<53+1 {
				r.Offset--
			}
		}),
		found: []string{"every_field_comes_back"},
	},
	"forgets that an upload is uncertain": {
		alter: alterLoaded(func(r *journal.Record) { r.Uncertain = false }),
		found: []string{"every_field_comes_back"},
	},
	"forgets the account": {
		alter: alterLoaded(func(r *journal.Record) { r.Account = "" }),
		found: []string{"every_field_comes_back"},
	},
	"forgets a refusal": {
		alter: alterLoaded(func(r *journal.Record) { r.Denial = failure.Denial{} }),
		found: []string{"every_field_comes_back"},
	},
	"encodes URLs again": {
		alter: alterLoaded(func(r *journal.Record) { r.URL = strings.ReplaceAll(r.URL, "+", "%2B") }),
		found: []string{"every_field_comes_back"},
	},
	"keeps local times": {
		alter: alterLoaded(func(r *journal.Record) { r.Updated = r.Updated.In(time.FixedZone("", 3600)) }),
		found: []string{"times_come_back_in_UTC"},
	},
	"merges": {
		alter: func(a *altered) {
			a.save = func(ctx context.Context, r *journal.Record) error {
				if r != nil && len(r.Parts) == 0 {
					if old, err := a.MemoryStore.Load(ctx, r.Key); err == nil {
						merged := *r
						merged.Length, merged.Parts = old.Length, old.Parts
						err := a.MemoryStore.Save(ctx, &merged)
						r.Revision = merged.Revision
						return err
					}
				}
				return a.MemoryStore.Save(ctx, r)
			}
		},
		found: []string{"save_replaces"},
	},
	"shares what it stores": {
		alter: func(a *altered) {
			var mu sync.Mutex
			shared := make(map[string]*journal.Record)
			a.save = func(ctx context.Context, r *journal.Record) error {
				mu.Lock()
				defer mu.Unlock()
				err := a.MemoryStore.Save(ctx, r)
				if err == nil {
					shared[r.Key] = r
				}
				return err
			}
			a.load = func(ctx context.Context, key string) (*journal.Record, error) {
				mu.Lock()
				defer mu.Unlock()
				if _, err := a.MemoryStore.Load(ctx, key); err != nil {
					return nil, err
				}
				return shared[key], nil
			}
		},
		found: []string{"records_are_copies"},
	},
	"returns an empty record for none": {
		alter: func(a *altered) {
			a.load = func(ctx context.Context, key string) (*journal.Record, error) {
				r, err := a.MemoryStore.Load(ctx, key)
				if errors.Is(err, journal.ErrNoRecord) {
					return new(journal.Record), nil
				}
				return r, err
			}
		},
		found: []string{"missing_record", "delete", "lock_and_record_are_separate"},
	},
	"fails to delete a missing record": {
		alter: func(a *altered) {
			a.delete = func(ctx context.Context, key, revision string) error {
				if _, err := a.Load(ctx, key); err != nil {
					return err
				}
				return a.MemoryStore.Delete(ctx, key, revision)
			}
		},
		found: []string{"delete"},
	},
	"deletes by prefix": {
		alter: func(a *altered) {
			a.delete = func(ctx context.Context, key, revision string) error {
				for r, err := range a.MemoryStore.List(ctx) {
					if err == nil && strings.HasPrefix(r.Key, key) {
						_ = a.MemoryStore.Delete(ctx, r.Key, r.Revision)
					}
				}
				return a.MemoryStore.Delete(ctx, key, revision)
			}
		},
		found: []string{"delete"},
	},
	"accepts any key": {
		alter: func(a *altered) {
			a.lock = func(ctx context.Context, key string) (func() error, error) {
				if journal.CheckKey(key) != nil {
					return func() error { return nil }, nil
				}
				return a.MemoryStore.Lock(ctx, key)
			}
		},
		found: []string{"invalid_keys_are_refused"},
	},
	"accepts any record": {
		alter: func(a *altered) {
			a.save = func(ctx context.Context, r *journal.Record) error {
				if r == nil || journal.CheckKey(r.Key) == nil && r.Validate() != nil {
					return nil
				}
				return a.MemoryStore.Save(ctx, r)
			}
		},
		found: []string{"invalid_records_are_refused"},
	},
	"locks nothing": {
		alter: func(a *altered) {
			a.lock = func(ctx context.Context, key string) (func() error, error) {
				unlock, err := a.MemoryStore.Lock(ctx, key)
				if errors.Is(err, journal.ErrBusy) {
					return func() error { return nil }, nil
				}
				return unlock, err
			}
		},
		found: []string{"lock_excludes", "lock_is_for_one_key", "unlock_is_idempotent", "lock_outlives_its_context", "lock_and_record_are_separate", "lock_excludes_goroutines"},
	},
	"has one lock for all keys": {
		alter: func(a *altered) {
			a.lock = func(ctx context.Context, key string) (func() error, error) {
				if err := journal.CheckKey(key); err != nil {
					return nil, err
				}
				return a.MemoryStore.Lock(ctx, "all")
			}
		},
		found: []string{"lock_is_for_one_key"},
	},
	"waits for the lock": {
		alter: func(a *altered) {
			a.lock = func(ctx context.Context, key string) (func() error, error) {
				unlock, err := a.MemoryStore.Lock(ctx, key)
				if errors.Is(err, journal.ErrBusy) {
					<-ctx.Done()
					return nil, context.Cause(ctx)
				}
				return unlock, err
			}
		},
		found: []string{"lock_excludes"},
	},
	"never unlocks": {
		alter: alterUnlock(func(*journal.MemoryStore, string, func() error) func() error {
			return func() error { return nil }
		}),
		found: []string{"lock_is_free_after_unlock", "lock_outlives_its_context"},
	},
	"unlocks the lock of the next holder": {
		alter: func(a *altered) {
			var mu sync.Mutex
			current := make(map[string]func() error)
			alterUnlock(func(_ *journal.MemoryStore, key string, unlock func() error) func() error {
				mu.Lock()
				defer mu.Unlock()
				current[key] = unlock
				return func() error {
					mu.Lock()
					defer mu.Unlock()
					return current[key]()
				}
			})(a)
		},
		found: []string{"unlock_is_idempotent"},
	},
	"fails to unlock twice": {
		alter: alterUnlock(func(_ *journal.MemoryStore, _ string, unlock func() error) func() error {
			var once sync.Once
			return func() error {
				err := errors.New("unlocked already")
				once.Do(func() { err = unlock() })
				return err
			}
		}),
		found: []string{"unlock_is_idempotent"},
	},
	"unlocks with the context": {
		alter: func(a *altered) {
			var mu sync.Mutex
			holder := make(map[string]context.Context)
			a.lock = func(ctx context.Context, key string) (func() error, error) {
				unlock, err := a.MemoryStore.Lock(ctx, key)
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(err, journal.ErrBusy) && holder[key].Err() != nil {
					return func() error { return nil }, nil
				}
				if err == nil {
					holder[key] = ctx
				}
				return unlock, err
			}
		},
		found: []string{"lock_outlives_its_context"},
	},
	"unlocks with delete": {
		alter: func(a *altered) {
			var mu sync.Mutex
			current := make(map[string]func() error)
			alterUnlock(func(_ *journal.MemoryStore, key string, unlock func() error) func() error {
				mu.Lock()
				defer mu.Unlock()
				current[key] = unlock
				return unlock
			})(a)
			a.delete = func(ctx context.Context, key, revision string) error {
				mu.Lock()
				defer mu.Unlock()
				if unlock := current[key]; unlock != nil {
					_ = unlock()
				}
				return a.MemoryStore.Delete(ctx, key, revision)
			}
		},
		found: []string{"lock_and_record_are_separate"},
	},
	"ignores the context": {
		alter: func(a *altered) {
			a.save = func(ctx context.Context, r *journal.Record) error {
				return a.MemoryStore.Save(context.WithoutCancel(ctx), r)
			}
			a.list = func(ctx context.Context) iter.Seq2[*journal.Record, error] {
				return a.MemoryStore.List(context.WithoutCancel(ctx))
			}
		},
		found: []string{"context_has_ended", "deadline_has_passed", "list_ends_with_its_context"},
	},
	"lists half": {
		alter: func(a *altered) {
			a.list = func(ctx context.Context) iter.Seq2[*journal.Record, error] {
				return func(yield func(*journal.Record, error) bool) {
					odd := false
					for r, err := range a.MemoryStore.List(ctx) {
						if odd = !odd; odd && !yield(r, err) {
							return
						}
					}
				}
			}
		},
		found: []string{"list_returns_every_record", "list_lets_its_loop_use_the_store"},
	},
	"holds a lock while it lists": {
		alter: func(a *altered) {
			a.list = func(ctx context.Context) iter.Seq2[*journal.Record, error] {
				return func(yield func(*journal.Record, error) bool) {
					for r, err := range a.MemoryStore.List(ctx) {
						var unlock func() error
						if r != nil {
							unlock, _ = a.MemoryStore.Lock(ctx, r.Key)
						}
						more := yield(r, err)
						if unlock != nil {
							_ = unlock()
						}
						if !more {
							return
						}
					}
				}
			}
		},
		found: []string{"list_lets_its_loop_use_the_store"},
	},
	"treats a suffix as a pattern": {
		alter: func(a *altered) {
			a.suffix = func(ctx context.Context, suffix string) iter.Seq2[*journal.Record, error] {
				if rest, ok := strings.CutPrefix(suffix, "_"); ok {
					suffix = rest // as LIKE does
				}
				return a.MemoryStore.ListSuffix(ctx, suffix)
			}
		},
		found: []string{"list_by_suffix_returns_the_records_of_the_suffix"},
	},
	"lists by suffix without the context": {
		alter: func(a *altered) {
			a.suffix = func(ctx context.Context, suffix string) iter.Seq2[*journal.Record, error] {
				return a.MemoryStore.ListSuffix(context.WithoutCancel(ctx), suffix)
			}
		},
		found: []string{"list_by_suffix_ends_with_its_context"},
	},
	"mixes records": {
		alter: func(a *altered) {
			a.save = func(ctx context.Context, r *journal.Record) error {
				if r == nil || r.Key != "shared" || r.Offset == 0 {
					return a.MemoryStore.Save(ctx, r)
				}
				mixed := *r
				mixed.Source = "other"
				err := a.MemoryStore.Save(ctx, &mixed)
				r.Revision = mixed.Revision
				return err
			}
		},
		found: []string{"concurrent_use"},
	},
}
