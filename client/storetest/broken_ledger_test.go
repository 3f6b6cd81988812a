package storetest_test

import (
	"context"
	"errors"
	"sync"

	"github.com/tusker-go/tusker/client/journal"
)

// brokenLedgers are Stores with a fault in their Ledger only.
var brokenLedgers = map[string]brokenStore{
	"loses the last byte of a finished upload": {
		alter: func(a *altered) {
			a.finished = func(ctx context.Context, endpoint, key string) (*journal.Record, error) {
				r, err := a.MemoryStore.LoadFinished(ctx, endpoint, key)
				if err == nil && r.Offset > 1<<53 {
					r.Offset--
				}
				return r, err
			}
		},
		found: []string{"finished_upload_comes_back"},
	},
	"confuses endpoints": {
		alter: func(a *altered) {
			a.keep = func(ctx context.Context, r *journal.Record) error {
				if r == nil || r.Validate() != nil || ctx.Err() != nil {
					return a.MemoryStore.SaveFinished(ctx, r)
				}
				c := *r
				c.Endpoint = ""
				return a.MemoryStore.SaveFinished(ctx, &c)
			}
			a.finished = func(ctx context.Context, endpoint, key string) (*journal.Record, error) {
				r, err := a.MemoryStore.LoadFinished(ctx, "", key)
				if err == nil {
					r.Endpoint = endpoint
				}
				return r, err
			}
		},
		found: []string{"finished_upload_belongs_to_endpoint_and_key"},
	},
	"keeps the first finished upload": {
		alter: func(a *altered) {
			a.keep = func(ctx context.Context, r *journal.Record) error {
				if r != nil {
					if _, err := a.MemoryStore.LoadFinished(ctx, r.Endpoint, r.Key); err == nil {
						return nil
					}
				}
				return a.MemoryStore.SaveFinished(ctx, r)
			}
		},
		found: []string{"finished_upload_is_replaced"},
	},
	"lists finished uploads as unfinished": {
		alter: func(a *altered) {
			a.keep = func(ctx context.Context, r *journal.Record) error {
				return errors.Join(a.MemoryStore.SaveFinished(ctx, r), a.MemoryStore.Save(ctx, r))
			}
		},
		found: []string{"finished_uploads_and_records_are_separate"},
	},
	"deletes the finished upload with the record": {
		alter: func(a *altered) {
			var mu sync.Mutex
			deleted := make(map[string]bool)
			a.delete = func(ctx context.Context, key, revision string) error {
				mu.Lock()
				defer mu.Unlock()
				deleted[key] = true
				return a.MemoryStore.Delete(ctx, key, revision)
			}
			a.finished = func(ctx context.Context, endpoint, key string) (*journal.Record, error) {
				mu.Lock()
				defer mu.Unlock()
				if deleted[key] {
					return nil, journal.ErrNoRecord
				}
				return a.MemoryStore.LoadFinished(ctx, endpoint, key)
			}
		},
		found: []string{"finished_uploads_and_records_are_separate"},
	},
	"accepts any finished upload": {
		alter: func(a *altered) {
			a.keep = func(ctx context.Context, r *journal.Record) error {
				if r.Validate() != nil {
					return nil
				}
				return a.MemoryStore.SaveFinished(ctx, r)
			}
		},
		found: []string{"invalid_finished_uploads_are_refused"},
	},
	"saves a finished upload after the context has ended": {
		alter: func(a *altered) {
			a.keep = func(ctx context.Context, r *journal.Record) error {
				return a.MemoryStore.SaveFinished(context.WithoutCancel(ctx), r)
			}
		},
		found: []string{"context_of_finished_uploads_has_ended"},
	},
	"loses a finished upload of concurrent ones": {
		alter: func(a *altered) {
			a.keep = func(ctx context.Context, r *journal.Record) error {
				if r != nil && r.Key == "k3-9" {
					return nil
				}
				return a.MemoryStore.SaveFinished(ctx, r)
			}
		},
		found: []string{"concurrent_use_of_finished_uploads"},
	},
}
