// Package lease renews a lock that expires by itself, such as a row of a database with an
// expiry time. It is for implementations of [journal.Leaser] and of Lock in [journal.Store].
//
// The store compares times with its own clock only, and the holder measures how long it has
// waited. No clock of one machine is compared with that of another.
package lease

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/tusker-go/tusker/client/journal"
)

const (
	// DefaultTTL is a TTL for uploads: a process that was killed blocks its uploads for 30 s.
	DefaultTTL = 30 * time.Second

	// MinTTL is the shortest TTL. A shorter one would be lost whenever a machine is busy.
	MinTTL = 100 * time.Millisecond

	// releaseTimeout is the longest time for all calls of Lock.Release.
	releaseTimeout = 5 * time.Second

	// releaseTries is how often Lock.Release is called at most. The first call may fail because
	// of a connection that the store has closed since the last use.
	releaseTries = 3
)

// Lock is one lock in a store, for one holder. The holder has a token that no other holder
// has, such as the text of rand.Text, so that it cannot change the lock of the next one. All
// fields are required. The functions return soon after the end of their context.
type Lock struct {
	// TTL is after which time the lock is free if it is not renewed. It is MinTTL at least.
	TTL time.Duration

	// Take takes the lock for TTL, and reports false if it is held. It reports true if the
	// token has the lock already, because the answer to an earlier try may have been lost.
	Take func(ctx context.Context) (bool, error)

	// Renew extends the lock: it is free TTL after now. It reports false if the token does not
	// have the lock.
	Renew func(ctx context.Context) (bool, error)

	// Release frees the lock if the token has it. It is called again if it fails.
	Release func(ctx context.Context) error
}

// Take takes the lock and renews it until release is called, as [journal.Leaser] describes.
// The context held ends with the cause [journal.ErrLeaseLost] if the store says that the lock
// was lost, or two thirds of the TTL after the last renewal that the store confirmed was sent.
// The error Is [journal.ErrBusy] if the lock is held, the cause of ctx, or that of Lock.Take.
// Release returns the error of Lock.Release, and the same one if it is called again.
func Take(ctx context.Context, l Lock) (held context.Context, release func() error, err error) {
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	asked := time.Now()
	taken, err := l.Take(ctx)
	switch {
	case err != nil:
		return nil, nil, err
	case !taken:
		return nil, nil, journal.ErrBusy
	}
	held, end := context.WithCancelCause(context.WithoutCancel(ctx))
	k := keeper{Lock: l, held: held, end: end, limit: l.TTL * 2 / 3}
	k.expiry = time.AfterFunc(k.limit-time.Since(asked), func() {
		end(fmt.Errorf("%w: it was not renewed for %v", journal.ErrLeaseLost, k.limit))
	})
	go k.renew()
	return held, sync.OnceValue(func() error {
		end(nil)
		return l.release(context.WithoutCancel(ctx))
	}), nil
}

func (l Lock) release(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, releaseTimeout)
	defer cancel()
	for range releaseTries {
		if err = l.Release(ctx); err == nil || ctx.Err() != nil {
			break
		}
	}
	return err
}

// keeper renews a lock that was taken.
type keeper struct {
	Lock
	held   context.Context
	end    context.CancelCauseFunc
	limit  time.Duration // after which time without a renewal the lease counts as lost
	expiry *time.Timer   // ends held after limit
}

// renew renews the lock until held has ended. A renewal that fails is repeated sooner.
func (k *keeper) renew() {
	defer k.expiry.Stop()
	for wait := k.TTL / 3; ; {
		select {
		case <-time.After(wait):
		case <-k.held.Done():
			return
		}
		asked := time.Now()
		mine, err := k.Renew(k.held)
		switch {
		case err != nil:
			wait = k.TTL / 20
		case !mine:
			k.end(fmt.Errorf("%w: the store does not have it", journal.ErrLeaseLost))
			return
		default:
			wait = k.TTL / 3
			k.expiry.Reset(k.limit - time.Since(asked))
		}
	}
}
