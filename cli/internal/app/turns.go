package app

import (
	"context"
	"sync"
)

// turns gives a key to one goroutine at a time. The zero value is ready to use and
// safe for concurrent use.
type turns struct {
	mu    sync.Mutex
	taken map[string]chan struct{} // closed when the key is given back
}

// take waits for the key or for the end of ctx. A second call of give has no
// effect.
func (t *turns) take(ctx context.Context, key string) (give func(), err error) {
	for {
		given, mine := t.try(key)
		if mine {
			return sync.OnceFunc(func() {
				t.mu.Lock()
				defer t.mu.Unlock()
				delete(t.taken, key)
				close(given)
			}), nil
		}
		select {
		case <-given:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (t *turns) try(key string) (given chan struct{}, mine bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if given, ok := t.taken[key]; ok {
		return given, false
	}
	if t.taken == nil {
		t.taken = make(map[string]chan struct{})
	}
	given = make(chan struct{})
	t.taken[key] = given
	return given, true
}
