package storetest_test

import (
	"context"
	"errors"
	"sync"

	"github.com/tusker-go/tusker/client"
)

// brokenSent are Stores that keep records of unfinished uploads well.
var brokenSent = map[string]brokenStore{
	"loses the last byte of what was sent": {
		func(a *altered) {
			a.sent = func(ctx context.Context, endpoint, key string) (*client.Record, error) {
				r, err := a.MemoryStore.LoadSent(ctx, endpoint, key)
				if err == nil && r.Offset > 1<<53 {
					r.Offset--
				}
				return r, err
			}
		},
		[]string{"what_was_sent_comes_back"},
	},
	"takes what was sent there for sent here": {
		func(a *altered) {
			a.keep = func(ctx context.Context, r *client.Record) error {
				if r == nil || r.Validate() != nil || ctx.Err() != nil {
					return a.MemoryStore.SaveSent(ctx, r)
				}
				c := *r
				c.Endpoint = ""
				return a.MemoryStore.SaveSent(ctx, &c)
			}
			a.sent = func(ctx context.Context, endpoint, key string) (*client.Record, error) {
				r, err := a.MemoryStore.LoadSent(ctx, "", key)
				if err == nil {
					r.Endpoint = endpoint
				}
				return r, err
			}
		},
		[]string{"what_was_sent_is_of_one_endpoint_and_key"},
	},
	"keeps what was sent first": {
		func(a *altered) {
			a.keep = func(ctx context.Context, r *client.Record) error {
				if r != nil {
					if _, err := a.MemoryStore.LoadSent(ctx, r.Endpoint, r.Key); err == nil {
						return nil
					}
				}
				return a.MemoryStore.SaveSent(ctx, r)
			}
		},
		[]string{"what_was_sent_is_replaced"},
	},
	"lists what was sent as unfinished": {
		func(a *altered) {
			a.keep = func(ctx context.Context, r *client.Record) error {
				return errors.Join(a.MemoryStore.SaveSent(ctx, r), a.MemoryStore.Save(ctx, r))
			}
		},
		[]string{"what_was_sent_and_records_are_apart"},
	},
	"deletes what was sent with the record": {
		func(a *altered) {
			var mu sync.Mutex
			deleted := make(map[string]bool)
			a.delete = func(ctx context.Context, key string) error {
				mu.Lock()
				defer mu.Unlock()
				deleted[key] = true
				return a.MemoryStore.Delete(ctx, key)
			}
			a.sent = func(ctx context.Context, endpoint, key string) (*client.Record, error) {
				mu.Lock()
				defer mu.Unlock()
				if deleted[key] {
					return nil, client.ErrNoRecord
				}
				return a.MemoryStore.LoadSent(ctx, endpoint, key)
			}
		},
		[]string{"what_was_sent_and_records_are_apart"},
	},
	"takes anything for sent": {
		func(a *altered) {
			a.keep = func(ctx context.Context, r *client.Record) error {
				if r.Validate() != nil {
					return nil
				}
				return a.MemoryStore.SaveSent(ctx, r)
			}
		},
		[]string{"what_was_not_sent_is_refused"},
	},
	"keeps on after the end": {
		func(a *altered) {
			a.keep = func(ctx context.Context, r *client.Record) error {
				return a.MemoryStore.SaveSent(context.WithoutCancel(ctx), r)
			}
		},
		[]string{"context_of_what_was_sent_has_ended"},
	},
	"loses what is sent side by side": {
		func(a *altered) {
			a.keep = func(ctx context.Context, r *client.Record) error {
				if r != nil && r.Key == "k3-9" {
					return nil
				}
				return a.MemoryStore.SaveSent(ctx, r)
			}
		},
		[]string{"concurrent_use_of_what_was_sent"},
	},
}
