package testserver

import (
	"context"
	"io"
	"net/http"
	"sync"

	"github.com/tus/tusd/v2/pkg/handler"
)

// readingLocker is a locker that asks the holder of a lock to release it only
// after the holder has begun to read its body, or has released the lock itself.
// tusd v2.10.1 sets up the body of a PATCH after it has taken the lock, and
// accesses that body without synchronization when it is asked to release. A
// request to release between these two steps is a data race in tusd, and is
// lost.
type readingLocker struct{ handler.Locker }

func (l readingLocker) NewLock(id string) (handler.Lock, error) {
	lock, err := l.Locker.NewLock(id)
	if err != nil {
		return nil, err
	}
	return &readingLock{lock: lock, released: make(chan struct{})}, nil
}

// readingLock is the lock of one request.
type readingLock struct {
	lock     handler.Lock
	released chan struct{} // closed by Unlock
}

func (l *readingLock) Lock(ctx context.Context, release func()) error {
	body, _ := ctx.Value(watchedKey{}).(*watchedBody)
	return l.lock.Lock(ctx, func() {
		if body != nil {
			select {
			case <-body.reading:
			case <-l.released:
			}
		}
		release()
	})
}

func (l *readingLock) Unlock() error {
	close(l.released)
	return l.lock.Unlock()
}

type watchedKey struct{}

// watchedBody closes reading at its first read.
type watchedBody struct {
	io.ReadCloser
	once    sync.Once
	reading chan struct{}
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.once.Do(func() { close(b.reading) })
	return b.ReadCloser.Read(p)
}

// watchBody makes the bodies that next reads known to a readingLocker.
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
