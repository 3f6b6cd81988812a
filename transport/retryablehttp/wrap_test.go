package retryablehttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	hashicorp "github.com/hashicorp/go-retryablehttp"

	"github.com/tusker-go/tusker/transport/retryablehttp"
)

// newHashicorpClient returns a client in its default configuration, without a
// log, that sends to s.
func newHashicorpClient(s *server) *hashicorp.Client {
	rc := hashicorp.NewClient()
	rc.HTTPClient = s.client()
	rc.Logger = nil
	return rc
}

// Wrap keeps the settings of the client for requests that may be retried.
func TestWrap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		method string
		script []any
		change func(*hashicorp.Client)
		tries  int
		took   time.Duration // 0: not checked
		want   any
	}{
		{name: "default settings", method: http.MethodHead, script: []any{503}, tries: 5, took: 15 * time.Second, want: 503},
		{name: "POST", method: http.MethodPost, script: []any{503}, tries: 1, want: 503},
		{name: "PATCH, error", method: http.MethodPatch, script: []any{errTest}, tries: 1, want: errTest},
		{
			name: "PATCH, policy that always retries", method: http.MethodPatch, script: []any{204},
			change: func(rc *hashicorp.Client) {
				rc.CheckRetry = func(context.Context, *http.Response, error) (bool, error) { return true, nil }
			},
			tries: 1, want: 204,
		},
		{
			name: "custom policy", method: http.MethodHead, script: []any{423, 423, 200},
			change: func(rc *hashicorp.Client) {
				rc.CheckRetry = func(_ context.Context, resp *http.Response, _ error) (bool, error) {
					return resp.StatusCode == http.StatusLocked, nil
				}
			},
			tries: 3, want: 200,
		},
		{
			name: "policy that returns an error with the answer", method: http.MethodHead, script: []any{503},
			change: func(rc *hashicorp.Client) { rc.CheckRetry = hashicorp.ErrorPropagatedRetryPolicy },
			tries:  5, want: 503,
		},
		{
			name: "custom back-off", method: http.MethodHead, script: []any{503, 200},
			change: func(rc *hashicorp.Client) {
				rc.Backoff = func(time.Duration, time.Duration, int, *http.Response) time.Duration { return 7 * time.Second }
			},
			tries: 2, took: 7 * time.Second, want: 200,
		},
		{
			name: "custom back-off above the maximum", method: http.MethodHead, script: []any{503, 200},
			change: func(rc *hashicorp.Client) {
				rc.Backoff = func(time.Duration, time.Duration, int, *http.Response) time.Duration { return time.Hour }
			},
			tries: 2, took: 30 * time.Second, want: 200,
		},
		{
			name: "custom back-off without a maximum", method: http.MethodHead, script: []any{503, 200},
			change: func(rc *hashicorp.Client) {
				rc.RetryWaitMax = 0
				rc.Backoff = func(time.Duration, time.Duration, int, *http.Response) time.Duration { return time.Hour }
			},
			tries: 2, took: time.Minute, want: 200,
		},
		{
			name: "custom error handler", method: http.MethodHead, script: []any{503},
			change: func(rc *hashicorp.Client) {
				rc.ErrorHandler = func(resp *http.Response, _ error, _ int) (*http.Response, error) {
					_ = resp.Body.Close()
					return nil, errTest
				}
			},
			tries: 5, want: errTest,
		},
		{
			name: "error handler and PATCH", method: http.MethodPatch, script: []any{503},
			change: func(rc *hashicorp.Client) {
				rc.ErrorHandler = func(*http.Response, error, int) (*http.Response, error) { return nil, errTest }
			},
			tries: 1, want: 503,
		},
		{
			name: "error handler without a result", method: http.MethodHead, script: []any{errTest},
			change: func(rc *hashicorp.Client) {
				rc.ErrorHandler = func(*http.Response, error, int) (*http.Response, error) { return nil, nil }
			},
			tries: 5, want: errTest,
		},
		{
			name: "PrepareRetry fails", method: http.MethodHead, script: []any{503},
			change: func(rc *hashicorp.Client) {
				rc.PrepareRetry = func(*http.Request) error { return errTest }
			},
			tries: 1, want: errTest,
		},
		{
			name: "nil functions and zero waits", method: http.MethodHead, script: []any{503, 200},
			change: func(rc *hashicorp.Client) {
				rc.CheckRetry, rc.Backoff, rc.ErrorHandler = nil, nil, nil
				rc.RetryWaitMin, rc.RetryWaitMax = 0, 0
			},
			tries: 2, want: 200,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &server{script: c.script}
				rc := newHashicorpClient(s)
				if c.change != nil {
					c.change(rc)
				}
				resp, err := retryablehttp.Wrap(rc).Do(newRequest(t.Context(), t, c.method, nil))
				if len(s.at) != c.tries {
					t.Errorf("%d attempts, want %d", len(s.at), c.tries)
				}
				if took := time.Since(s.start); c.took != 0 && took != c.took {
					t.Errorf("took %v, want %v", took, c.took)
				}
				s.checkClosed(t, resp)
				if resp != nil {
					_ = resp.Body.Close()
				}
				switch want := c.want.(type) {
				case error:
					if !errors.Is(err, want) || resp != nil {
						t.Errorf("Do = %v, %v; want %v", resp, err, want)
					}
				case int:
					if err != nil || resp.StatusCode != want {
						t.Errorf("Do = %v, %v; want status %d", resp, err, want)
					}
				}
			})
		})
	}
}

// CheckRetry is not called for a request that must not be retried.
func TestWrapPolicyNotCalled(t *testing.T) {
	t.Parallel()
	s := &server{script: []any{503}}
	rc := newHashicorpClient(s)
	rc.CheckRetry = func(context.Context, *http.Response, error) (bool, error) {
		t.Error("CheckRetry was called")
		return false, nil
	}
	resp, err := retryablehttp.Wrap(rc).Do(newRequest(t.Context(), t, http.MethodPatch, nil))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}

// Neither Wrap nor hooks change the client or the request of the caller.
func TestWrapChangesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{script: []any{503, 200, 204}}
		rc := newHashicorpClient(s)
		var hooked []string
		rc.RequestLogHook = func(_ hashicorp.Logger, req *http.Request, _ int) {
			hooked = append(hooked, req.Method)
			req.Header.Set("X-Hook", "1")
		}
		rc.PrepareRetry = func(req *http.Request) error {
			req.Header.Set("X-Again", "1")
			return nil
		}
		d := retryablehttp.Wrap(rc)
		for _, method := range []string{http.MethodHead, http.MethodPatch} {
			req := newRequest(t.Context(), t, method, nil)
			req.URL.User = nil // http.Client would copy the headers for a user
			resp, err := d.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if len(req.Header) > 0 {
				t.Errorf("the headers of the caller were changed to %v, want none", req.Header)
			}
		}
		if got := strings.Join(hooked, " "); got != "HEAD HEAD PATCH" {
			t.Errorf("the hook saw %q, want %q", got, "HEAD HEAD PATCH")
		}
		if s.got[0].Header.Get("X-Again") != "" || s.got[1].Header.Get("X-Again") != "1" || s.got[2].Header.Get("X-Hook") != "1" {
			t.Error("headers of hooks are missing, or were sent too early")
		}
		if rc.ErrorHandler != nil || rc.RetryMax != 4 || rc.RetryWaitMax != 30*time.Second || rc.HTTPClient.Transport != http.RoundTripper(s) {
			t.Error("the client of the caller was changed")
		}
	})
}

// A nil client and an empty one are usable.
func TestWrapEmpty(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		n.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	t.Cleanup(s.Close)
	for name, rc := range map[string]*hashicorp.Client{"nil": nil, "empty": {}} {
		d := retryablehttp.Wrap(rc)
		for _, method := range []string{http.MethodHead, http.MethodPatch} {
			req, err := http.NewRequestWithContext(t.Context(), method, s.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := d.Do(req)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			_ = resp.Body.Close()
		}
		d.CloseIdleConnections()
	}
	if n.Load() != 4 {
		t.Errorf("%d requests arrived, want 4", n.Load())
	}
}

// A failed HEAD does not close idle connections, which go-retryablehttp alone
// would do.
func TestIdleConnectionsAreKept(t *testing.T) {
	t.Parallel()
	s := &idleCloser{}
	d := retryablehttp.New(retryablehttp.Config{Client: &http.Client{Transport: s}, RetryMax: -1})
	for _, method := range []string{http.MethodHead, http.MethodPatch} {
		if resp, err := d.Do(newRequest(t.Context(), t, method, nil)); err == nil {
			_ = resp.Body.Close()
		}
	}
	if s.closed != 0 {
		t.Errorf("idle connections were closed %d times, want 0", s.closed)
	}
	d.CloseIdleConnections()
	if s.closed != 1 {
		t.Error("CloseIdleConnections closes no connection")
	}
}

// idleCloser counts calls of CloseIdleConnections.
type idleCloser struct{ closed int }

func (*idleCloser) RoundTrip(*http.Request) (*http.Response, error) { return nil, errTest }
func (i *idleCloser) CloseIdleConnections()                         { i.closed++ }
