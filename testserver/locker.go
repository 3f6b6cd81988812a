package testserver

import (
	"context"
	"io"
	"net/http"
	"sync"

	"github.com/tus/tusd/v2/pkg/handler"
)

// orderly is a locker that asks the holder of a lock to let go only once the
// holder reads its body, or has let go by itself. tusd v2.10.1 sets up the
// body of a PATCH after it has taken the lock, and the goroutine that ends the
// PATCH looks at it unguarded: asked in between, tusd races with itself, and
// misses that it was asked.
type orderly struct{ handler.Locker }

func (l orderly) NewLock(id string) (handler.Lock, error) {
	lock, err := l.Locker.NewLock(id)
	if err != nil {
		return nil, err
	}
	return &orderlyLock{lock: lock, over: make(chan struct{})}, nil
}

// orderlyLock is the lock of one request.
type orderlyLock struct {
	lock handler.Lock
	over chan struct{} // closed by Unlock
}

func (l *orderlyLock) Lock(ctx context.Context, release func()) error {
	body, _ := ctx.Value(watchedKey{}).(*watchedBody)
	return l.lock.Lock(ctx, func() {
		if body != nil {
			select {
			case <-body.reading:
			case <-l.over:
			}
		}
		release()
	})
}

func (l *orderlyLock) Unlock() error {
	close(l.over)
	return l.lock.Unlock()
}

type watchedKey struct{}

// watchedBody tells when it is read for the first time.
type watchedBody struct {
	io.ReadCloser
	once    sync.Once
	reading chan struct{}
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.once.Do(func() { close(b.reading) })
	return b.ReadCloser.Read(p)
}

// watchBody lets an orderly lock know of the bodies that next reads.
func watchBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			body := &watchedBody{ReadCloser: r.Body, reading: make(chan struct{})}
			r = r.WithContext(context.WithValue(r.Context(), watchedKey{}, body))
			r.Body = body
		}
		next.ServeHTTP(w, r)
	})
}
