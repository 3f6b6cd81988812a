package storetest_test

import (
	"context"
	"iter"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// altered is a MemoryStore with single methods replaced; nil ones are not.
type altered struct {
	client.MemoryStore
	load   func(context.Context, string) (*client.Record, error)
	save   func(context.Context, *client.Record) error
	delete func(context.Context, string) error
	lock   func(context.Context, string) (func() error, error)
	list   func(context.Context) iter.Seq2[*client.Record, error]
	recall func(context.Context, string) (protocol.Capabilities, time.Time, error)
	learn  func(context.Context, string, protocol.Capabilities, time.Time) error
	sent   func(context.Context, string, string) (*client.Record, error)
	keep   func(context.Context, *client.Record) error
}

func (a *altered) Load(ctx context.Context, key string) (*client.Record, error) {
	if a.load != nil {
		return a.load(ctx, key)
	}
	return a.MemoryStore.Load(ctx, key)
}

func (a *altered) Save(ctx context.Context, r *client.Record) error {
	if a.save != nil {
		return a.save(ctx, r)
	}
	return a.MemoryStore.Save(ctx, r)
}

func (a *altered) Delete(ctx context.Context, key string) error {
	if a.delete != nil {
		return a.delete(ctx, key)
	}
	return a.MemoryStore.Delete(ctx, key)
}

func (a *altered) Lock(ctx context.Context, key string) (func() error, error) {
	if a.lock != nil {
		return a.lock(ctx, key)
	}
	return a.MemoryStore.Lock(ctx, key)
}

func (a *altered) List(ctx context.Context) iter.Seq2[*client.Record, error] {
	if a.list != nil {
		return a.list(ctx)
	}
	return a.MemoryStore.List(ctx)
}

func (a *altered) LoadCapabilities(ctx context.Context, endpoint string) (protocol.Capabilities, time.Time, error) {
	if a.recall != nil {
		return a.recall(ctx, endpoint)
	}
	return a.MemoryStore.LoadCapabilities(ctx, endpoint)
}

func (a *altered) SaveCapabilities(ctx context.Context, endpoint string, caps protocol.Capabilities, asked time.Time) error {
	if a.learn != nil {
		return a.learn(ctx, endpoint, caps, asked)
	}
	return a.MemoryStore.SaveCapabilities(ctx, endpoint, caps, asked)
}

func (a *altered) LoadSent(ctx context.Context, endpoint, key string) (*client.Record, error) {
	if a.sent != nil {
		return a.sent(ctx, endpoint, key)
	}
	return a.MemoryStore.LoadSent(ctx, endpoint, key)
}

func (a *altered) SaveSent(ctx context.Context, r *client.Record) error {
	if a.keep != nil {
		return a.keep(ctx, r)
	}
	return a.MemoryStore.SaveSent(ctx, r)
}

// alterCapabilities changes what is kept of a server.
func alterCapabilities(change func(endpoint string, caps *protocol.Capabilities, asked *time.Time)) func(*altered) {
	return func(a *altered) {
		a.learn = func(ctx context.Context, endpoint string, caps protocol.Capabilities, asked time.Time) error {
			change(endpoint, &caps, &asked)
			return a.MemoryStore.SaveCapabilities(ctx, endpoint, caps, asked)
		}
	}
}

// alterLoaded changes what Load gives.
func alterLoaded(change func(*client.Record)) func(*altered) {
	return func(a *altered) {
		a.load = func(ctx context.Context, key string) (*client.Record, error) {
			r, err := a.MemoryStore.Load(ctx, key)
			if err == nil {
				change(r)
			}
			return r, err
		}
	}
}

// alterUnlock changes what unlock does.
func alterUnlock(change func(s *client.MemoryStore, key string, unlock func() error) func() error) func(*altered) {
	return func(a *altered) {
		a.lock = func(ctx context.Context, key string) (func() error, error) {
			unlock, err := a.MemoryStore.Lock(ctx, key)
			if err != nil {
				return nil, err
			}
			return change(&a.MemoryStore, key, unlock), nil
		}
	}
}
