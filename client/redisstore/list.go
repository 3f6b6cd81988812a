package redisstore

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/tusker-go/tusker/client/journal"
)

// batch is how many keys Redis looks at in one step, so that it can serve others in between.
const batch = 500

// List implements journal.Lister. Redis looks at all of its keys for it, a few hundred at a
// time. Damaged records are reported and stay. The list needs about 50 bytes of memory for each
// record. If nodes of a cluster exchange keys meanwhile, records may be left out.
func (s *Store) List(ctx context.Context) iter.Seq2[*journal.Record, error] { return s.list(ctx, "") }

// list yields the records whose key ends in suffix.
func (s *Store) list(ctx context.Context, suffix string) iter.Seq2[*journal.Record, error] {
	return func(yield func(*journal.Record, error) bool) {
		for keys, err := range s.scan(ctx, recordPart+"*"+escape(suffix)) {
			if err != nil {
				yield(nil, fmt.Errorf("redisstore: list records: %w", err))
				return
			}
			if !s.yieldRecords(ctx, keys, yield) {
				return
			}
		}
	}
}

// yieldRecords yields the records with these keys in Redis. It reports whether the list continues.
func (s *Store) yieldRecords(ctx context.Context, keys []string, yield func(*journal.Record, error) bool) bool {
	all, err := call(ctx, func() ([]redis.Cmder, error) {
		return s.db.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, key := range keys {
				p.HMGet(ctx, key, "record", "revision")
			}
			return nil
		})
	})
	if err != nil {
		yield(nil, fmt.Errorf("redisstore: list records: %w", err))
		return false
	}
	for i, cmd := range all {
		if ctx.Err() != nil {
			yield(nil, fmt.Errorf("redisstore: list records: %w", context.Cause(ctx)))
			return false
		}
		_, key, _ := strings.Cut(keys[i], "}"+recordPart)
		fields := cmd.(*redis.SliceCmd).Val()
		text, revision := field(fields, 0), field(fields, 1)
		if revision == "" {
			continue // deleted meanwhile, or damaged
		}
		r, err := decodeRecord(key, text, revision)
		if err != nil {
			r, err = nil, failed("list", key, err)
		}
		if !yield(r, err) {
			return false
		}
	}
	return true
}

// scan yields each key in Redis that the rest matches after its tag, in groups.
func (s *Store) scan(ctx context.Context, rest string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		nodes, err := call(ctx, func() ([]scanner, error) { return s.nodes(ctx) })
		if err != nil {
			yield(nil, err)
			return
		}
		// Redis returns a key twice if it rearranges its table meanwhile.
		seen := make(map[string]struct{})
		for _, node := range nodes {
			for cursor, first := uint64(0), true; first || cursor != 0; first = false {
				type page struct {
					keys []string
					next uint64
				}
				p, err := call(ctx, func() (page, error) {
					keys, next, err := node.Scan(ctx, cursor, escape(s.prefix)+"{*}"+rest, batch).Result()
					return page{keys, next}, err
				})
				if err != nil {
					yield(nil, err)
					return
				}
				cursor = p.next
				var fresh []string
				for _, key := range p.keys {
					if _, twice := seen[key]; !twice {
						seen[key] = struct{}{}
						fresh = append(fresh, key)
					}
				}
				if len(fresh) > 0 && !yield(fresh, nil) {
					return
				}
			}
		}
	}
}

// scanner is a server that lists its own keys.
type scanner interface {
	Scan(ctx context.Context, cursor uint64, match string, count int64) *redis.ScanCmd
}

// cluster is a client of several servers, each of which has a part of the keys.
type cluster interface {
	ForEachMaster(ctx context.Context, fn func(context.Context, *redis.Client) error) error
}

// nodes returns the servers that have the keys.
func (s *Store) nodes(ctx context.Context) ([]scanner, error) {
	var mu sync.Mutex
	var all []scanner
	add := func(_ context.Context, node *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, node)
		return nil
	}
	if db, ok := s.db.(cluster); ok {
		return all, db.ForEachMaster(ctx, add)
	}
	return []scanner{s.db}, nil
}

// escape returns a pattern that matches only the text itself.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(text)
}
