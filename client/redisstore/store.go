// Package redisstore keeps records of uploads in Redis, so that the processes of many
// machines can share them.
//
//	db := redis.NewClient(&redis.Options{Addr: "redis.example:6379"})
//	store, err := redisstore.New(db, redisstore.Config{})
//
// The program makes and closes the client; a Store opens no connection of its own. Clients for
// one server, for sentinels and for a cluster work. A redis.Ring is refused, because it moves keys
// to another server while theirs is gone, so that records seem to be missing.
//
// # Keys
//
// Other programs may read the keys. PREFIX is Config.Prefix, and TAG is the first 64
// characters of the key of the record. The keys of one upload have the same TAG, so a cluster
// keeps them in one node, and a crash does not change their order.
//
//   - PREFIX{TAG}:record:KEY, a hash with the fields "record", the JSON of [journal.Encode],
//     "revision", "version", and "saved", the time of the last save in seconds since 1970. A
//     record that is damaged has the revision "" and counts as none.
//   - PREFIX{TAG}:lock:KEY, the token of the holder of the lock. It expires by itself.
//   - PREFIX{PLACE}:place, the set of the keys of records that end in PLACE, which is a
//     [journal.PlaceSuffix]. Some of the records may not exist any more.
//   - PREFIX{TAG}:sent:HASH:KEY, a hash with a finished upload of the endpoint whose SHA-256
//     is HASH, with the fields "record", "version", and "used", the time of the last save or
//     lookup. The version of a damaged one is 0.
//
// All times are those of Redis. Nothing but a lock expires; [Store.Prune] removes the rest.
//
// # What Redis may lose
//
// Redis keeps data in memory, and writes them to the disk as its settings say. A crash of the
// process or of the machine takes back the changes that were not written, the latest ones, in
// their order. An upload whose record is lost is sent again. With Config.Once of package
// client, each file is sent once only if Redis keeps what it has confirmed:
//
//   - appendonly yes and appendfsync always: a single server loses nothing that it confirmed.
//   - appendfsync everysec, the default of appendonly: a crash of the machine takes back about
//     the last two seconds. Files that were finished in this time may be sent twice.
//   - snapshots only, the default: a crash takes back minutes.
//   - replicas: a failover takes back what the new primary had not received. Settings like
//     min-replicas-to-write make this less likely and do not prevent it.
//   - maxmemory-policy has to be noeviction. Any other one removes records when memory is full.
//
// A run that is under way when its record is lost ends with [journal.ErrConflict] at its next save,
// or with [journal.ErrLeaseLost] after a third of the lease at most. It may still succeed if its
// last request ends before. A run that begins later cannot know of the loss: it sends the file
// again, and succeeds.
//
// A Redis that is full (noeviction) or read-only refuses changes with its own error, which is worth
// a retry. It still answers which uploads are unfinished and finished. A full one also deletes
// records and releases locks.
//
// Package pgstore keeps what it confirmed in all of these cases but the failover to an
// asynchronous replica.
package redisstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/lease"
)

// DefaultPrefix is the prefix of all keys if Config.Prefix is "".
const DefaultPrefix = "tusker:"

// Config has the options of a Store. The zero value has the defaults.
type Config struct {
	// Prefix is what each key in Redis begins with. Stores with different prefixes share
	// nothing. It must not contain "{" or "}". "": DefaultPrefix.
	Prefix string

	// Lease is after which time the lock of a process that was killed is free. A process that
	// cannot reach Redis for two thirds of that time ends its upload with
	// journal.ErrLeaseLost. It is lease.MinTTL at least. 0: lease.DefaultTTL.
	Lease time.Duration
}

// Store is a [journal.Store], [journal.Lister], [journal.SuffixLister], [journal.Leaser] and
// [journal.Ledger] in Redis. [New] makes one; the zero value cannot be used. It is safe for
// concurrent use, and any number of Stores, in any number of processes, may share the data.
// There is nothing to close.
//
// Methods return soon after the end of their context, whatever the client's timeouts are. An
// error that is not one of package journal is that of the client, and worth a retry.
type Store struct {
	db     redis.UniversalClient
	prefix string
	ttl    time.Duration
}

var (
	_ journal.Store  = (*Store)(nil)
	_ journal.Lister = (*Store)(nil)
	_ journal.Leaser = (*Store)(nil)
	_ journal.Ledger = (*Store)(nil)

	_ journal.SuffixLister = (*Store)(nil)
)

// ring is a client of several servers that may be no cluster. Then the client distributes the keys.
type ring interface {
	ForEachShard(ctx context.Context, fn func(context.Context, *redis.Client) error) error
}

// New returns the Store with these options. It does not call Redis. The error Is
// [failure.ErrInvalidOption].
func New(db redis.UniversalClient, cfg Config) (*Store, error) {
	s := &Store{db: db, prefix: cfg.Prefix, ttl: cfg.Lease}
	if s.prefix == "" {
		s.prefix = DefaultPrefix
	}
	if s.ttl == 0 {
		s.ttl = lease.DefaultTTL
	}
	_, sharded := db.(ring)
	_, isCluster := db.(cluster)
	switch {
	case db == nil:
		return nil, fmt.Errorf("redisstore: %w: the client is nil", failure.ErrInvalidOption)
	case sharded && !isCluster:
		return nil, fmt.Errorf("redisstore: %w: a redis.Ring moves keys while a server is gone", failure.ErrInvalidOption)
	case strings.ContainsAny(s.prefix, "{}"):
		return nil, fmt.Errorf("redisstore: %w: prefix %q contains a brace", failure.ErrInvalidOption, s.prefix)
	case s.ttl < lease.MinTTL:
		return nil, fmt.Errorf("redisstore: %w: a lease of %v, less than %v", failure.ErrInvalidOption, s.ttl, lease.MinTTL)
	}
	return s, nil
}

// Load implements journal.Store. A damaged record stays in Redis until a new one replaces it,
// and counts as none from now on.
func (s *Store) Load(ctx context.Context, key string) (*journal.Record, error) {
	r, err := s.load(ctx, key)
	if err != nil {
		return nil, failed("load", key, err)
	}
	return r, nil
}

func (s *Store) load(ctx context.Context, key string) (*journal.Record, error) {
	return do(ctx, key, func() (*journal.Record, error) { return s.loadNow(ctx, key) })
}

func (s *Store) loadNow(ctx context.Context, key string) (*journal.Record, error) {
	fields, err := s.db.HMGet(ctx, s.recordKey(key), "record", "revision").Result()
	if err != nil {
		return nil, err
	}
	text, revision := field(fields, 0), field(fields, 1)
	r, err := decodeRecord(key, text, revision)
	if errors.Is(err, journal.ErrRecordDamaged) {
		if aside := discardRecord.Run(ctx, s.db, []string{s.recordKey(key)}, revision).Err(); aside != nil {
			return nil, fmt.Errorf("%w (and it cannot be put aside: %w)", err, aside)
		}
	}
	return r, err
}

// decodeRecord returns the record with the revision, or ErrNoRecord if the revision is "".
func decodeRecord(key, text, revision string) (*journal.Record, error) {
	if revision == "" {
		return nil, journal.ErrNoRecord
	}
	r, err := journal.Decode(key, []byte(text))
	if err != nil {
		return nil, err
	}
	r.Revision = revision
	return r, nil
}

// field returns an element of the answer to HMGET, or "" if the hash has no such field.
func field(fields []any, i int) string {
	text, _ := fields[i].(string)
	return text
}

// Save implements journal.Store. A Save whose answer was lost succeeds if the client repeats it.
func (s *Store) Save(ctx context.Context, r *journal.Record) error {
	if err := journal.SaveBySwap(ctx, r, s.swap, s.load); err != nil {
		return fmt.Errorf("redisstore: %w", err)
	}
	return nil
}

func (s *Store) swap(ctx context.Context, next journal.Swap) (saved bool, err error) {
	return do(ctx, next.Key, func() (bool, error) {
		if next.Known == "" {
			if err := s.addPlace(ctx, next.Key); err != nil {
				return false, err
			}
		}
		return saveRecord.Run(ctx, s.db, []string{s.recordKey(next.Key)}, next.Known, next.Revision, next.Text, next.Version).Bool()
	})
}

// Delete implements journal.Store. A damaged record stays.
func (s *Store) Delete(ctx context.Context, key, revision string) error {
	deleted, err := do(ctx, key, func() (bool, error) {
		deleted, err := deleteRecord.Run(ctx, s.db, []string{s.recordKey(key)}, revision).Bool()
		if err == nil && deleted {
			err = s.removePlace(ctx, key)
		}
		return deleted, err
	})
	if err == nil && !deleted {
		err = journal.ErrConflict
	}
	if err != nil {
		return failed("delete", key, err)
	}
	return nil
}

func (s *Store) recordKey(key string) string { return s.tagged(key) + recordPart + key }
func (s *Store) lockKey(key string) string   { return s.tagged(key) + lockPart + key }

func (s *Store) sentKey(endpoint, key string) string {
	sum := sha256.Sum256([]byte(endpoint))
	return s.tagged(key) + sentPart + hex.EncodeToString(sum[:]) + ":" + key
}

// These come between the tag and the rest of a key in Redis.
const (
	recordPart = ":record:"
	lockPart   = ":lock:"
	sentPart   = ":sent:"
)

// tagged returns what all keys of one upload begin with. The record of an unfinished upload
// has a longer key than that of the finished one, with the same beginning.
func (s *Store) tagged(key string) string {
	const common = 64
	return s.prefix + "{" + key[:min(len(key), common)] + "}"
}

// do calls fn for a key that passes journal.CheckKey, as call does.
func do[T any](ctx context.Context, key string, fn func() (T, error)) (T, error) {
	if err := journal.CheckKey(key); err != nil {
		var none T
		return none, err
	}
	return call(ctx, fn)
}

// call calls fn, which uses ctx, and returns at the end of ctx even if fn is late: a client
// without ContextTimeoutEnabled waits for its own timeouts.
func call[T any](ctx context.Context, fn func() (T, error)) (T, error) {
	var none T
	if ctx.Err() != nil {
		return none, context.Cause(ctx)
	}
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := fn()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
}

func failed(op, key string, err error) error {
	if journal.CheckKey(key) != nil {
		return fmt.Errorf("redisstore: %s record: %w", op, err)
	}
	return fmt.Errorf("redisstore: %s record %s: %w", op, key, err)
}
