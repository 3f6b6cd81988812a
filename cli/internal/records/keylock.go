package records

import (
	"context"
	"sync"
)

// keyLock gives a key to one goroutine at a time. The zero value is ready to use and
// safe for concurrent use.
type keyLock struct {
	mu   sync.Mutex
	held map[string]chan struct{} // closed when the key is unlocked
}

// lock waits for the key or for the end of ctx. A second call of unlock has no effect.
func (l *keyLock) lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		held, mine := l.try(key)
		if mine {
			return sync.OnceFunc(func() {
				l.mu.Lock()
				defer l.mu.Unlock()
				delete(l.held, key)
				close(held)
			}), nil
		}
		select {
		case <-held:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (l *keyLock) try(key string) (held chan struct{}, mine bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if held, ok := l.held[key]; ok {
		return held, false
	}
	if l.held == nil {
		l.held = make(map[string]chan struct{})
	}
	held = make(chan struct{})
	l.held[key] = held
	return held, true
}
