package client

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport/hostcache"
)

// MemoryStore keeps records in memory: uploads can be gone on with as long as
// the process lives. It is a Store, a Lister, a CapabilityStore and a SentStore. It
// keeps capabilities of at most [hostcache.Size] servers. The zero value is empty and
// ready; it must not be copied after first use.
type MemoryStore struct {
	mu      sync.Mutex
	records map[string]*Record
	locked  map[string]bool
	sent    map[sentKey]*Record
	servers hostcache.Cache[memoryServer] // by endpoint
}

// memoryServer is what a server said that it can do, and when.
type memoryServer struct {
	caps  protocol.Capabilities
	asked time.Time
}

// Load is that of Store. The error Is [ErrNoRecord] or [ErrInvalidRecord], or
// the cause of ctx.
func (s *MemoryStore) Load(ctx context.Context, key string) (*Record, error) {
	if err := memoryCall(ctx, "load", key); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.records[key]
	if !ok {
		return nil, fmt.Errorf("load record %s: %w", key, ErrNoRecord)
	}
	return r.clone(), nil
}

// Save is that of Store. The error Is [ErrInvalidRecord] or the cause of ctx.
func (s *MemoryStore) Save(ctx context.Context, r *Record) error {
	if err := r.Validate(); err != nil {
		return fmt.Errorf("save record: %w", err)
	}
	if err := memoryCall(ctx, "save", r.Key); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.records == nil {
		s.records = make(map[string]*Record)
	}
	s.records[r.Key] = r.clone()
	return nil
}

// Delete is that of Store. The error Is [ErrInvalidRecord] or the cause of ctx.
func (s *MemoryStore) Delete(ctx context.Context, key string) error {
	if err := memoryCall(ctx, "delete", key); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.records, key)
	return nil
}

// Lock is that of Store. The error Is [ErrBusy] or [ErrInvalidRecord], or the
// cause of ctx; that of unlock is always nil.
func (s *MemoryStore) Lock(ctx context.Context, key string) (unlock func() error, err error) {
	if err := memoryCall(ctx, "lock", key); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.locked[key] {
		return nil, fmt.Errorf("lock record %s: %w", key, ErrBusy)
	}
	if s.locked == nil {
		s.locked = make(map[string]bool)
	}
	s.locked[key] = true
	return sync.OnceValue(func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.locked, key)
		return nil
	}), nil
}

// List is that of Lister. It may be called, and the store used, within the loop.
func (s *MemoryStore) List(ctx context.Context) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		s.mu.Lock()
		keys := slices.Collect(maps.Keys(s.records))
		s.mu.Unlock()
		for _, key := range keys {
			if ctx.Err() != nil {
				yield(nil, fmt.Errorf("list records: %w", context.Cause(ctx)))
				return
			}
			s.mu.Lock()
			r := s.records[key]
			s.mu.Unlock()
			// Stored records are replaced, never written to. A nil one was
			// deleted meanwhile.
			if r != nil && !yield(r.clone(), nil) {
				return
			}
		}
	}
}

// LoadCapabilities is that of CapabilityStore. The error Is [ErrNoRecord] or
// the cause of ctx.
func (s *MemoryStore) LoadCapabilities(ctx context.Context, endpoint string) (protocol.Capabilities, time.Time, error) {
	if ctx.Err() != nil {
		return protocol.Capabilities{}, time.Time{}, fmt.Errorf("load capabilities: %w", context.Cause(ctx))
	}
	server, ok := s.servers.Get(endpoint)
	if !ok {
		return protocol.Capabilities{}, time.Time{}, fmt.Errorf("load capabilities: %w", ErrNoRecord)
	}
	return cloneCapabilities(server.caps), server.asked, nil
}

// SaveCapabilities is that of CapabilityStore. The error is the cause of ctx.
func (s *MemoryStore) SaveCapabilities(ctx context.Context, endpoint string, caps protocol.Capabilities, asked time.Time) error {
	if ctx.Err() != nil {
		return fmt.Errorf("save capabilities: %w", context.Cause(ctx))
	}
	s.servers.Set(endpoint, memoryServer{cloneCapabilities(caps), plainTime(asked)})
	return nil
}

func memoryCall(ctx context.Context, op, key string) error {
	if err := CheckKey(key); err != nil {
		return fmt.Errorf("%s record: %w", op, err)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s record %s: %w", op, key, context.Cause(ctx))
	}
	return nil
}

// clone is a record with nothing shared, in the form that Store promises.
func (r *Record) clone() *Record {
	c := *r
	c.Created, c.Updated, c.Expires = plainTime(r.Created), plainTime(r.Updated), plainTime(r.Expires)
	c.Parts = nil
	if len(r.Parts) > 0 {
		c.Parts = slices.Clone(r.Parts)
	}
	return &c
}

// cloneCapabilities shares nothing with c.
func cloneCapabilities(c protocol.Capabilities) protocol.Capabilities {
	c.Versions = slices.Clone(c.Versions)
	c.Extensions = slices.Clone(c.Extensions)
	c.ChecksumAlgorithms = slices.Clone(c.ChecksumAlgorithms)
	return c
}

// plainTime is t in UTC and without the clock of this process.
func plainTime(t time.Time) time.Time { return t.Round(0).UTC() }
