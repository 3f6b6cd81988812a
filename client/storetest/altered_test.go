package storetest_test

import (
	"context"
	"iter"

	"github.com/tusker-go/tusker/client/journal"
)

// altered is a MemoryStore whose methods can be replaced. nil: the method is not replaced.
type altered struct {
	journal.MemoryStore
	load     func(context.Context, string) (*journal.Record, error)
	save     func(context.Context, *journal.Record) error
	delete   func(context.Context, string, string) error
	lock     func(context.Context, string) (func() error, error)
	list     func(context.Context) iter.Seq2[*journal.Record, error]
	suffix   func(context.Context, string) iter.Seq2[*journal.Record, error]
	finished func(context.Context, string, string) (*journal.Record, error)
	keep     func(context.Context, *journal.Record) error
}

func (a *altered) Load(ctx context.Context, key string) (*journal.Record, error) {
	if a.load != nil {
		return a.load(ctx, key)
	}
	return a.MemoryStore.Load(ctx, key)
}

func (a *altered) Save(ctx context.Context, r *journal.Record) error {
	if a.save != nil {
		return a.save(ctx, r)
	}
	return a.MemoryStore.Save(ctx, r)
}

func (a *altered) Delete(ctx context.Context, key, revision string) error {
	if a.delete != nil {
		return a.delete(ctx, key, revision)
	}
	return a.MemoryStore.Delete(ctx, key, revision)
}

func (a *altered) Lock(ctx context.Context, key string) (func() error, error) {
	if a.lock != nil {
		return a.lock(ctx, key)
	}
	return a.MemoryStore.Lock(ctx, key)
}

func (a *altered) List(ctx context.Context) iter.Seq2[*journal.Record, error] {
	if a.list != nil {
		return a.list(ctx)
	}
	return a.MemoryStore.List(ctx)
}

func (a *altered) ListSuffix(ctx context.Context, suffix string) iter.Seq2[*journal.Record, error] {
	if a.suffix != nil {
		return a.suffix(ctx, suffix)
	}
	return a.MemoryStore.ListSuffix(ctx, suffix)
}

func (a *altered) LoadFinished(ctx context.Context, endpoint, key string) (*journal.Record, error) {
	if a.finished != nil {
		return a.finished(ctx, endpoint, key)
	}
	return a.MemoryStore.LoadFinished(ctx, endpoint, key)
}

func (a *altered) SaveFinished(ctx context.Context, r *journal.Record) error {
	if a.keep != nil {
		return a.keep(ctx, r)
	}
	return a.MemoryStore.SaveFinished(ctx, r)
}

// alterLoaded changes the record that Load returns.
func alterLoaded(change func(*journal.Record)) func(*altered) {
	return func(a *altered) {
		a.load = func(ctx context.Context, key string) (*journal.Record, error) {
			r, err := a.MemoryStore.Load(ctx, key)
			if err == nil {
				change(r)
			}
			return r, err
		}
	}
}

// alterUnlock replaces unlock.
func alterUnlock(change func(s *journal.MemoryStore, key string, unlock func() error) func() error) func(*altered) {
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
