package journal

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// MemoryStore keeps records in memory: uploads can be resumed as long as the process
// lives. It is a [Store], a [Lister], a [SuffixLister] and a [Ledger]. The zero value is empty and
// ready; it must not be copied after first use.
type MemoryStore struct {
	mu      sync.Mutex
	records map[string]*Record
	places  map[string][]string // keys of records, by their PlaceSuffix
	saves   uint64              // of all records; numbers the revisions
	locked  map[string]bool
	ledger  map[ledgerKey]*Record
}

// Load implements [Store]. The error Is [ErrNoRecord] or [ErrInvalidRecord], or
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

// Save implements [Store]. The error Is [ErrConflict] or [ErrInvalidRecord], or the
// cause of ctx.
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
		s.records, s.places = make(map[string]*Record), make(map[string][]string)
	}
	if s.revision(r.Key) != r.Revision {
		return fmt.Errorf("save record %s: %w", r.Key, ErrConflict)
	}
	if suffix := PlaceSuffix(r.Key); suffix != "" && r.Revision == "" {
		s.places[suffix] = append(s.places[suffix], r.Key)
	}
	s.saves++
	r.Revision = strconv.FormatUint(s.saves, 10)
	s.records[r.Key] = r.clone()
	return nil
}

// revision returns the revision that is stored under a key, or "".
func (s *MemoryStore) revision(key string) string {
	if r, ok := s.records[key]; ok {
		return r.Revision
	}
	return ""
}

// Delete implements [Store]. The error Is [ErrConflict] or [ErrInvalidRecord], or the
// cause of ctx.
func (s *MemoryStore) Delete(ctx context.Context, key, revision string) error {
	if err := memoryCall(ctx, "delete", key); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if stored := s.revision(key); stored != "" && stored != revision {
		return fmt.Errorf("delete record %s: %w", key, ErrConflict)
	}
	if s.records[key] != nil {
		s.removePlace(key)
	}
	delete(s.records, key)
	return nil
}

func (s *MemoryStore) removePlace(key string) {
	suffix := PlaceSuffix(key)
	keys := slices.DeleteFunc(s.places[suffix], func(other string) bool { return other == key })
	if len(keys) == 0 {
		delete(s.places, suffix)
		return
	}
	s.places[suffix] = keys
}

// Lock implements [Store]. The error Is [ErrBusy] or [ErrInvalidRecord], or the
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

// List implements [Lister]. It may be called, and the store used, within the loop.
func (s *MemoryStore) List(ctx context.Context) iter.Seq2[*Record, error] {
	return s.ListSuffix(ctx, "")
}

// ListSuffix implements [SuffixLister]. It may be called, and the store used, within the loop.
func (s *MemoryStore) ListSuffix(ctx context.Context, suffix string) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for _, key := range s.keys(suffix) {
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

// keys returns the keys of the records that end in suffix.
func (s *MemoryStore) keys(suffix string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if suffix != "" && PlaceSuffix(suffix) == suffix {
		return slices.Clone(s.places[suffix])
	}
	keys := slices.Collect(maps.Keys(s.records))
	return slices.DeleteFunc(keys, func(key string) bool { return !strings.HasSuffix(key, suffix) })
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

// clone returns a copy that shares nothing, in the form that Store promises.
func (r *Record) clone() *Record {
	c := *r
	c.Created, c.Updated, c.Expires = plainTime(r.Created), plainTime(r.Updated), plainTime(r.Expires)
	c.Parts = nil
	if len(r.Parts) > 0 {
		c.Parts = slices.Clone(r.Parts)
	}
	c.SHA256, c.Header = slices.Clone(r.SHA256), r.Header.Clone()
	return &c
}

// plainTime returns t in UTC and without the monotonic clock of this process.
func plainTime(t time.Time) time.Time { return t.Round(0).UTC() }
