package testserver

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tus/tusd/v2/pkg/memorylocker"
)

// The holder of a lock is asked to release it after it has begun to read its
// body, after it has released the lock, or at once if it has no body.
func TestReadingLock(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		body bool
		// askedAtOnce is whether the holder is asked before act.
		askedAtOnce bool
		act         func(body io.Reader, unlock func())
		// asked is whether the holder is asked after act.
		asked bool
	}{
		{name: "no body", askedAtOnce: true, act: func(io.Reader, func()) {}, asked: true},
		{name: "reads the body", body: true, act: func(body io.Reader, _ func()) { _, _ = io.ReadAll(body) }, asked: true},
		{name: "releases the lock", body: true, act: func(_ io.Reader, unlock func()) { unlock() }, asked: true},
		{name: "does nothing", body: true, act: func(io.Reader, func()) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				locker := readingLocker{memorylocker.New()}
				ctx := t.Context()
				body := &watchedBody{ReadCloser: io.NopCloser(strings.NewReader("x")), reading: make(chan struct{})}
				if tt.body {
					ctx = context.WithValue(ctx, watchedKey{}, body)
				}
				holder, err := locker.NewLock("1")
				if err != nil {
					t.Fatal(err)
				}
				asked, held := false, true
				if err := holder.Lock(ctx, func() { asked = true }); err != nil {
					t.Fatal(err)
				}
				unlock := func() {
					if held {
						held = false
						if err := holder.Unlock(); err != nil {
							t.Error(err)
						}
					}
				}
				done := make(chan struct{})
				go func() {
					defer close(done)
					waiter, err := locker.NewLock("1")
					if err == nil {
						err = waiter.Lock(t.Context(), func() {})
					}
					if err == nil {
						err = waiter.Unlock()
					}
					if err != nil {
						t.Error(err)
					}
				}()
				synctest.Wait()
				if asked != tt.askedAtOnce {
					t.Errorf("asked for the lock before the fault acts: %v, want %v", asked, tt.askedAtOnce)
				}
				tt.act(body, unlock)
				synctest.Wait()
				if asked != tt.asked {
					t.Errorf("asked for the lock after the fault acted: %v, want %v", asked, tt.asked)
				}
				unlock()
				<-done
			})
		})
	}
}

// watchBody reports the first read of a body, and leaves a request without a
// body unchanged.
func TestWatchBody(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]io.Reader{"nil": nil, "NoBody": http.NoBody, "a body": strings.NewReader("x")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPatch, "/", body)
			watchBody(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				watched, ok := r.Context().Value(watchedKey{}).(*watchedBody)
				if ok != (name == "a body") {
					t.Fatalf("the body is watched: %v, want %t", ok, name == "a body")
				}
				if !ok {
					return
				}
				select {
				case <-watched.reading:
					t.Error("reading is closed before the first read")
				default:
				}
				for range 2 {
					if _, err := io.ReadAll(r.Body); err != nil {
						t.Error(err)
					}
				}
				<-watched.reading
			})).ServeHTTP(httptest.NewRecorder(), r)
		})
	}
}
