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

// The holder of a lock is asked to let go when it reads its body, and not
// before, unless it has none or lets go by itself.
func TestOrderlyLock(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		body bool
		// before tells whether the holder is asked while it does nothing.
		before bool
		then   func(body io.Reader, unlock func())
		// asked tells whether it is asked after then.
		asked bool
	}{
		{name: "no body", before: true, then: func(io.Reader, func()) {}, asked: true},
		{name: "reads", body: true, then: func(body io.Reader, _ func()) { _, _ = io.ReadAll(body) }, asked: true},
		{name: "lets go", body: true, then: func(_ io.Reader, unlock func()) { unlock() }, asked: true},
		{name: "does nothing", body: true, then: func(io.Reader, func()) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				locker := orderly{memorylocker.New()}
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
				has := make(chan struct{})
				go func() {
					defer close(has)
					newcomer, err := locker.NewLock("1")
					if err == nil {
						err = newcomer.Lock(t.Context(), func() {})
					}
					if err == nil {
						err = newcomer.Unlock()
					}
					if err != nil {
						t.Error(err)
					}
				}()
				synctest.Wait()
				if asked != tt.before {
					t.Errorf("asked at once: %v, want %v", asked, tt.before)
				}
				tt.then(body, unlock)
				synctest.Wait()
				if asked != tt.asked {
					t.Errorf("asked in the end: %v, want %v", asked, tt.asked)
				}
				unlock()
				<-has
			})
		})
	}
}

// Reading a body is what the lock hears of; a request without one is left as
// it is.
func TestWatchBody(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]io.Reader{"none": nil, "NoBody": http.NoBody, "some": strings.NewReader("x")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPatch, "/", body)
			watchBody(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				watched, ok := r.Context().Value(watchedKey{}).(*watchedBody)
				if ok != (name == "some") {
					t.Fatalf("watched: %v", ok)
				}
				if !ok {
					return
				}
				select {
				case <-watched.reading:
					t.Error("reported as read before it was")
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
