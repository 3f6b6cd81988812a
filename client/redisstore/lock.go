package redisstore

import (
	"context"
	"crypto/rand"

	"github.com/redis/go-redis/v9"

	"github.com/tusker-go/tusker/client/lease"
)

// Lock implements journal.Store. The lock is renewed until unlock is called, and free after
// Config.Lease if it is not renewed. Use Lease to learn that it was lost.
func (s *Store) Lock(ctx context.Context, key string) (unlock func() error, err error) {
	_, unlock, err = s.take(ctx, "lock", key)
	return unlock, err
}

// Lease implements journal.Leaser. Locks and leases exclude each other.
func (s *Store) Lease(ctx context.Context, key string) (held context.Context, release func() error, err error) {
	return s.take(ctx, "lease", key)
}

func (s *Store) take(ctx context.Context, op, key string) (context.Context, func() error, error) {
	token := rand.Text()
	run := func(ctx context.Context, script *redis.Script) (bool, error) {
		return do(ctx, key, func() (bool, error) {
			return script.Run(ctx, s.db, []string{s.lockKey(key)}, token, s.ttl.Milliseconds()).Bool()
		})
	}
	held, release, err := lease.Take(ctx, lease.Lock{
		TTL:   s.ttl,
		Take:  func(ctx context.Context) (bool, error) { return run(ctx, takeLock) },
		Renew: func(ctx context.Context) (bool, error) { return run(ctx, renewLock) },
		Release: func(ctx context.Context) error {
			if _, err := run(ctx, releaseLock); err != nil {
				return failed("unlock", key, err)
			}
			return nil
		},
	})
	if err != nil {
		return nil, nil, failed(op, key, err)
	}
	return held, release, nil
}
