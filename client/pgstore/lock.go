package pgstore

import (
	"context"
	"crypto/rand"

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
	if err := begin(ctx, key); err != nil {
		return nil, nil, failed(op, key, err)
	}
	token, seconds := rand.Text(), s.ttl.Seconds()
	held, release, err := lease.Take(ctx, lease.Lock{
		TTL:   s.ttl,
		Take:  func(ctx context.Context) (bool, error) { return s.exec(ctx, s.sql.takeLock, key, token, seconds) },
		Renew: func(ctx context.Context) (bool, error) { return s.exec(ctx, s.sql.renewLock, key, token, seconds) },
		Release: func(ctx context.Context) error {
			if _, err := s.exec(ctx, s.sql.releaseLock, key, token); err != nil {
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
