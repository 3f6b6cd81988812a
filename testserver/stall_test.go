package testserver_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// StallAfter stores n bytes and then waits.
func TestStallAfter(t *testing.T) {
	t.Parallel()
	const size, d = 100_000, 20 * time.Second
	data := content(size)
	for _, tt := range []struct {
		name    string
		n       int64
		stalled int // bytes stored during the stall
		took    time.Duration
	}{
		{"at the start", 0, 0, d},
		{"in the middle", 40_000, 40_000, d},
		{"after the last byte", size, size, d},
		{"after the end of the body", size + 1, size, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := overNetwork(t, testserver.Config{})
				url := create(t, s, size)
				s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.StallAfter(tt.n, d)})
				start := time.Now()
				done := make(chan error, 1)
				go func() {
					_, err := patch(t.Context(), s, url, 0, data)
					done <- err
				}()
				synctest.Wait()
				stored(t, s, url, data[:tt.stalled])
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				if got := time.Since(start); got != tt.took {
					t.Errorf("got an answer after %v, want %v", got, tt.took)
				}
				stored(t, s, url, data)
			})
		})
	}
}

// Each request with StallAfter is stalled.
func TestStallAfterTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := overNetwork(t, testserver.Config{})
		s.Inject(testserver.Fault{Method: http.MethodPatch, Times: 2, Do: testserver.StallAfter(5, time.Second)})
		for range 2 {
			start := time.Now()
			finish(t, s, create(t, s, 10), content(10))
			if got := time.Since(start); got != time.Second {
				t.Errorf("got an answer after %v, want 1s", got)
			}
		}
	})
}

// tusd ends a stalled request after NetworkTimeout.
func TestStallAfterNetworkTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := overNetwork(t, testserver.Config{NetworkTimeout: 7 * time.Second})
		url := create(t, s, 10)
		s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.StallAfter(5, 0)})
		start := time.Now()
		r, err := patch(t.Context(), s, url, 0, content(10))
		if err != nil {
			t.Fatal(err)
		}
		if want := "ERR_READ_TIMEOUT"; r.status != http.StatusInternalServerError || !bytes.HasPrefix([]byte(r.body), []byte(want)) {
			t.Errorf("got %d %q, want 500 %s", r.status, r.body, want)
		}
		if got := time.Since(start); got != 7*time.Second {
			t.Errorf("got an answer after %v, want 7s", got)
		}
		finish(t, s, url, content(10))
	})
}

// tusd ends a stalled request when another request needs the lock of the
// upload.
func TestStallAfterInterrupted(t *testing.T) {
	t.Parallel()
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, tr.config)
			data := content(10)
			url := create(t, s, len(data))
			arrived := make(chan struct{})
			s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.Chain(
				testserver.StallAfter(5, 0),
				testserver.ActionFunc(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					r.Body = &noticedBody{ReadCloser: r.Body, left: 5, arrived: arrived}
					next.ServeHTTP(w, r)
				}),
			)})
			body, w := io.Pipe()
			defer func() { _ = w.Close() }()
			done := make(chan struct{})
			go func() {
				defer close(done)
				// tusd may end the request with or without an answer.
				_, _ = do(t.Context(), s.Client(), http.MethodPatch, url, body,
					protocol.HeaderContentType, protocol.ContentType, protocol.HeaderUploadOffset, "0")
			}()
			if _, err := w.Write(data[:5]); err != nil {
				t.Fatal(err)
			}
			<-arrived
			if got := head(t, s, url); got != 5 {
				t.Errorf("got offset %d, want 5", got)
			}
			<-done
		})
	}
}

// noticedBody closes arrived at the first read after left bytes.
type noticedBody struct {
	io.ReadCloser
	left    int
	arrived chan struct{}
}

func (b *noticedBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		b.left--
		close(b.arrived)
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= n
	return n, err
}

// Stall ends when the client disconnects.
func TestStallUntilClientLeaves(t *testing.T) {
	t.Parallel()
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, tr.config)
			url := create(t, s, 10)
			ctx, cancel := context.WithCancel(t.Context())
			left := make(chan struct{})
			s.Inject(testserver.Fault{Do: testserver.ActionFunc(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				defer close(left)
				cancel()
				testserver.Stall(0).Serve(w, r, next)
			})})
			if _, err := do(ctx, s.Client(), http.MethodHead, url, nil); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want context.Canceled", err)
			}
			<-left
			if r := last(t, s); r.Status != 0 || r.Fault != "ActionFunc" {
				t.Errorf("got status %d, fault %q; want 0, ActionFunc", r.Status, r.Fault)
			}
		})
	}
}

// Close ends stalled requests.
func TestCloseEndsStalls(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   testserver.Action
	}{
		{"Stall", testserver.Stall(0)},
		{"StallAfter", testserver.StallAfter(3, 0)},
		{"BlackHole", testserver.BlackHole()},
		{"Throttle", testserver.Throttle(1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, tr := range transports {
				t.Run(tr.name, func(t *testing.T) {
					t.Parallel()
					s := testserver.New(t, tr.config)
					url := create(t, s, 1000)
					stalling := make(chan struct{})
					s.Inject(testserver.Fault{
						Match: func(*http.Request) bool { close(stalling); return true },
						Do:    tt.do,
					})
					failed := make(chan error, 1)
					go func() {
						_, err := patch(t.Context(), s, url, 0, content(1000))
						failed <- err
					}()
					<-stalling
					start := time.Now()
					s.Close()
					if took := time.Since(start); took > 5*time.Second {
						t.Errorf("Close took %v, want at most %v", took, 5*time.Second)
					}
					if err := <-failed; err == nil {
						t.Error("the request succeeded, want an error")
					}
				})
			}
		})
	}
}

// Throttle limits the rate of a body.
func TestThrottle(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		size int
		rate int64
		took time.Duration
	}{
		{"slow", 10, 1, 10 * time.Second},
		{"less than one read per step", 1000, 19, 52631578947 * time.Nanosecond},
		{"fast", 3 << 20, 1 << 20, 3 * time.Second},
		{"unlimited", 10, 0, 0},
		{"negative", 10, -1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := overNetwork(t, testserver.Config{})
				data := content(tt.size)
				url := create(t, s, tt.size)
				s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.Throttle(tt.rate)})
				start := time.Now()
				if _, err := patch(t.Context(), s, url, 0, data); err != nil {
					t.Fatal(err)
				}
				if got := time.Since(start).Round(time.Microsecond); got != tt.took.Round(time.Microsecond) {
					t.Errorf("took %v, want %v", got, tt.took)
				}
				stored(t, s, url, data)
			})
		})
	}
}

// BlackHole keeps a request after the client has disconnected, until Close.
func TestBlackHole(t *testing.T) {
	t.Parallel()
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, tr.config)
			url := create(t, s, 10)
			ctx, cancel := context.WithCancel(t.Context())
			entered, returned := make(chan context.Context, 1), make(chan struct{})
			s.Inject(testserver.Fault{Do: testserver.ActionFunc(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				defer close(returned)
				entered <- r.Context()
				testserver.BlackHole().Serve(w, r, next)
			})})
			failed := make(chan error, 1)
			go func() {
				_, err := do(ctx, s.Client(), http.MethodHead, url, nil)
				failed <- err
			}()
			request := <-entered
			cancel()
			if err := <-failed; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want context.Canceled", err)
			}
			// The server has noticed that the client disconnected.
			<-request.Done()
			head(t, s, url)
			select {
			case <-returned:
				t.Error("the request ended before Close")
			default:
			}
			s.Close()
			<-returned
		})
	}
}
