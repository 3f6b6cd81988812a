package client_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// told is how long the host of these tests wants no request.
const told = 20 * time.Second

// throttledClient starts an upload of c whose host asks for a wait of 20 s, and returns during
// that wait. wait returns when the upload has ended.
func throttledClient(t *testing.T, s *fake.Server, c *client.Client) (wait func()) {
	t.Helper()
	s.On(http.MethodPost, clienttest.TooManyRequests("Retry-After", "20"))
	var first sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	first.Go(func() { _, _ = c.Upload(ctx, clienttest.TextSource(t, "first"), nil) })
	synctest.Wait()
	return func() { stop(); first.Wait() }
}

// All uploads, parts and downloads of one Client wait for a host that asked one of
// them for fewer requests. Calls of a single exchange and uploads without retries do not wait,
// and neither do requests to another host.
func TestGate(t *testing.T) {
	const content = "second"
	resume := func(ctx context.Context, c *client.Client, url string) error {
		src, err := client.ReaderAt(strings.NewReader(content), int64(len(content)))
		if err == nil {
			_, err = c.Resume(ctx, url, src, nil)
		}
		return err
	}
	upload := func(o *client.UploadOptions) func(context.Context, *client.Client, string) error {
		return func(ctx context.Context, c *client.Client, _ string) error {
			src, err := client.ReaderAt(strings.NewReader(content), int64(len(content)))
			if err == nil {
				_, err = c.Upload(ctx, src, o)
			}
			return err
		}
	}
	host := func(name string) func(string) string {
		return func(url string) string { return strings.Replace(url, "tus.example", name, 1) }
	}
	tests := map[string]struct {
		method string // of the first request
		url    func(string) string
		call   func(ctx context.Context, c *client.Client, url string) error
		waits  bool
	}{
		"upload": {http.MethodPost, nil, upload(nil), true},
		"all uploads": {http.MethodPost, nil, func(ctx context.Context, c *client.Client, _ string) error {
			src, err := client.ReaderAt(strings.NewReader(content), int64(len(content)))
			if err == nil {
				_, err = c.UploadAll(ctx, []client.Item{{Source: src}})
			}
			return err
		}, true},
		"concat": {http.MethodOptions, nil, func(ctx context.Context, c *client.Client, _ string) error {
			src, err := client.ReaderAt(strings.NewReader(content), int64(len(content)))
			if err == nil {
				_, err = c.UploadConcat(ctx, []client.Source{src}, nil)
			}
			return err
		}, true},
		"resume":           {http.MethodHead, nil, resume, true},
		"name in capitals": {http.MethodHead, host("TUS.example"), resume, true},
		"default port":     {http.MethodHead, host("tus.example:80"), resume, true},
		"another port":     {http.MethodHead, host("tus.example:81"), resume, false},
		"another host":     {http.MethodHead, host("other.example"), resume, false},
		"download": {http.MethodHead, nil, func(ctx context.Context, c *client.Client, url string) error {
			_, err := c.Download(ctx, url, clienttest.WriteTo(new(bytes.Buffer)), nil)
			return err
		}, true},
		"send": {http.MethodHead, nil, func(ctx context.Context, c *client.Client, url string) error {
			src, err := client.ReaderAt(strings.NewReader(content), int64(len(content)))
			if err == nil {
				_, err = clienttest.ResumeOnce(ctx, c, url, src, nil)
			}
			return err
		}, false},
		"Head": {http.MethodHead, nil, func(ctx context.Context, c *client.Client, url string) error {
			_, err := c.Head(ctx, url, nil)
			return err
		}, false},
		"Patch": {http.MethodPatch, nil, func(ctx context.Context, c *client.Client, url string) error {
			_, err := c.Patch(ctx, url, protocol.Patch{Offset: int64(len(content))}, strings.NewReader(""), 0, nil)
			return err
		}, false},
		"Options": {http.MethodOptions, nil, func(ctx context.Context, c *client.Client, _ string) error {
			_, err := c.Options(ctx, nil)
			return err
		}, false},
		"Terminate": {http.MethodDelete, nil, func(ctx context.Context, c *client.Client, url string) error {
			_, err := c.Terminate(ctx, url, nil)
			return err
		}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := newArrivals()
				s := fake.New(t, fake.Config{Hook: seen.note, Content: true})
				url := s.Put(content, protocol.Known(int64(len(content))), nil)
				if test.url != nil {
					url = test.url(url)
				}
				c := clienttest.NewClient(t, s, client.Config{})
				wait := throttledClient(t, s, c)
				defer wait()
				before := len(seen.of(test.method, strings.ToLower(url)))
				time.Sleep(5 * time.Second)
				if err := test.call(t.Context(), c, url); err != nil {
					t.Error(err)
				}
				at := seen.of(test.method, strings.ToLower(url))[before]
				if waited := at >= told; waited != test.waits || at > told+time.Second {
					t.Errorf("the request came after %v, want at most %v and waited %t", at, told+time.Second, test.waits)
				}
			})
		})
	}
}

// A 429 that one Client gets delays no other Client, not even one that uses the same
// host and the same Doer.
func TestGateIsOfOneClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		wait := throttledClient(t, s, clienttest.NewClient(t, s, client.Config{Retry: retry.Delays(time.Hour)}))
		defer wait()
		for name, policy := range map[string]retry.Policy{"default": nil, "never": retry.Never} {
			began := time.Now()
			var events []client.Event
			_, err := clienttest.NewClient(t, s, client.Config{Retry: policy}).Upload(t.Context(), clienttest.TextSource(t, "second"),
				&client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
			if took := time.Since(began); err != nil || took != 0 {
				t.Errorf("%s: took %v, error %v, want 0 and no error", name, took, err)
			}
			clienttest.WantEventKinds(t, events, "created", "done")
		}
	})
}

// An upload waits for a throttled host no longer than its policy allows for one
// wait. It reports each wait as an event and in the log.
func TestGateKeepsToPolicy(t *testing.T) {
	never := retry.PolicyFunc(func(retry.Attempt) (time.Duration, bool) { return 0, false })
	tests := map[string]struct {
		policy retry.Policy
		least  time.Duration
		most   time.Duration
	}{
		"default":            {nil, told, told + time.Second},
		"never":              {never, 0, 0},
		"one attempt":        {retry.Backoff{MaxAttempts: 1}, 0, 0},
		"shorter delay":      {retry.Delays(3 * time.Second), 3 * time.Second, 3 * time.Second},
		"longer delay":       {retry.Delays(time.Hour), told, told + time.Second},
		"largest wait":       {retry.Backoff{Max: 5 * time.Second}, 5 * time.Second, 5 * time.Second},
		"no time left":       {retry.Backoff{MaxElapsed: 10 * time.Second}, 0, 0},
		"permanent failures": {retry.Backoff{Retryable: func(error) bool { return false }}, 0, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				// Both uploads have the policy, and the first one must be allowed to wait.
				policy := &switched{first: retry.Delays(told), then: test.policy}
				if test.policy == nil {
					policy.then = retry.Backoff{}
				}
				var records bytes.Buffer
				c := clienttest.NewClient(t, s, client.Config{Retry: policy, Logger: slog.New(slog.NewTextHandler(&records, nil))})
				wait := throttledClient(t, s, c)
				policy.over = true
				var events []client.Event
				began := time.Now()
				// An empty upload is one request.
				_, err := c.Upload(t.Context(), clienttest.TextSource(t, ""), &client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
				took := time.Since(began)
				wait()
				if err != nil || took < test.least || took > test.most {
					t.Errorf("took %v, want %v to %v, error %v", took, test.least, test.most, err)
				}
				log := records.String()
				if test.most == 0 {
					clienttest.WantEventKinds(t, events, "created", "done")
					if strings.Contains(log, "msg=waiting") {
						t.Errorf("the log tells of a wait:\n%s", log)
					}
					return
				}
				clienttest.WantEventKinds(t, events, "waiting", "created", "done")
				clienttest.WantErrorIs(t, events[0].Err, client.ErrThrottled, protocol.ErrTooManyRequests)
				if events[0].Wait != took {
					t.Errorf("the event tells of a wait of %v, it took %v", events[0].Wait, took)
				}
				if !strings.Contains(log, "level=INFO msg=waiting url=http://tus.example/files/ offset=0 wait="+took.String()) {
					t.Errorf("the log does not tell of the wait:\n%s", log)
				}
			})
		})
	}
}

// switched is the policy first until over is set, and then another policy.
type switched struct {
	first, then retry.Policy
	over        bool
}

func (s *switched) Next(a retry.Attempt) (time.Duration, bool) { return s.now().Next(a) }

// Permanent implements retry.Classifier.
func (s *switched) Permanent(err error) bool {
	if c, ok := s.now().(retry.Classifier); ok {
		return c.Permanent(err)
	}
	return !retry.Retryable(err)
}

func (s *switched) now() retry.Policy {
	if s.over {
		return s.then
	}
	return s.first
}

// The total wait of an upload is limited by its policy, even if the host asks other uploads for
// more time meanwhile.
func TestGateIsExtended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := newArrivals()
		s := fake.New(t, fake.Config{Hook: seen.note})
		c := clienttest.NewClient(t, s, client.Config{Retry: retry.Backoff{Max: 30 * time.Second}})
		wait := throttledClient(t, s, c)
		defer wait()
		for range 3 {
			s.On(http.MethodPost, clienttest.TooManyRequests("Retry-After", "3600"))
		}
		var events []client.Event
		// The first request after the wait is refused as well.
		if _, err := c.Upload(t.Context(), clienttest.TextSource(t, "second"), &client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)}); err != nil {
			t.Error(err)
		}
		for _, e := range events {
			if e.Wait > 31*time.Second {
				t.Errorf("%v event tells of a wait of %v, want at most %v", e.Kind, e.Wait, 31*time.Second)
			}
		}
	})
}

// An upload under way waits before its next request.
func TestGateBetweenRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := newArrivals()
		s := fake.New(t, fake.Config{Hook: seen.note})
		c := clienttest.NewClient(t, s, client.Config{})
		var other sync.WaitGroup
		defer other.Wait()
		s.On(http.MethodPatch, whileOtherIsHeld(t, s, c, &other))
		res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), &client.UploadOptions{ChunkSize: 3})
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, "hello")
		if at := seen.of(http.MethodPatch, s.URL)[0]; at < told || at > told+time.Second {
			t.Errorf("the second PATCH came after %v, want at least %v and at most %v", at, told, told+time.Second)
		}
		if res.Retries != 0 {
			t.Errorf("%d retries, want 0", res.Retries)
		}
		synctest.Wait()
	})
}

// whileOtherIsHeld answers after another upload of c was told to wait for 20 s.
func whileOtherIsHeld(t *testing.T, s *fake.Server, c *client.Client, other *sync.WaitGroup) fake.Action {
	t.Helper()
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		s.On(http.MethodPost, clienttest.TooManyRequests("Retry-After", "20"))
		other.Go(func() {
			if _, err := c.Upload(t.Context(), clienttest.TextSource(t, ""), nil); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(time.Second)
		next.ServeHTTP(w, r)
	}
}

// A complete upload does not wait.
func TestGateAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		c := clienttest.NewClient(t, s, client.Config{})
		var other sync.WaitGroup
		s.On(http.MethodPatch, whileOtherIsHeld(t, s, c, &other))
		began := time.Now()
		if _, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %v, want %v", took, time.Second)
		}
		other.Wait()
	})
}

// A cancelled upload stops waiting at once.
func TestGateCancelled(t *testing.T) {
	tests := map[string]func(context.Context, *client.Client, string) (*client.Result, error){
		"creation": func(ctx context.Context, c *client.Client, _ string) (*client.Result, error) {
			return c.Upload(ctx, clienttest.TextSource(t, "b"), nil)
		},
		"HEAD": func(ctx context.Context, c *client.Client, url string) (*client.Result, error) {
			return c.Resume(ctx, url, clienttest.TextSource(t, "b"), nil)
		},
		"OPTIONS": func(ctx context.Context, c *client.Client, _ string) (*client.Result, error) {
			return c.UploadConcat(ctx, []client.Source{clienttest.TextSource(t, "b")}, nil)
		},
	}
	for name, call := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				url := s.Put("", protocol.Known(1), nil)
				c := clienttest.NewClient(t, s, client.Config{})
				wait := throttledClient(t, s, c)
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(3*time.Second, func() { cancel(clienttest.ErrUnplugged) })
				began := time.Now()
				res, err := call(ctx, c, url)
				clienttest.WantErrorIs(t, err, clienttest.ErrUnplugged, context.Canceled)
				if took := time.Since(began); took != 3*time.Second {
					t.Errorf("took %v, want %v", took, 3*time.Second)
				}
				if res.Orphans != 0 || res.Retries != 0 {
					t.Errorf("result %+v, want Orphans 0 and Retries 0", res)
				}
				wait()
				clienttest.WantRequests(t, s, "POST /files/") // the request of the first upload
			})
		})
	}
}

// The parts of one upload report their waits as those of the whole.
func TestGateOfParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		c := clienttest.NewClient(t, s, client.Config{Concurrency: 1})
		wait := throttledClient(t, s, c)
		defer wait()
		src, err := client.ReaderAt(strings.NewReader(strings.Repeat("a", 2<<20)), 2<<20)
		if err != nil {
			t.Fatal(err)
		}
		var waiting []client.Event
		if _, err := c.Upload(t.Context(), src, &client.UploadOptions{Parallel: 2, OnEvent: func(e client.Event) {
			if e.Kind == client.EventWaiting {
				waiting = append(waiting, e)
			}
		}}); err != nil {
			t.Fatal(err)
		}
		if len(waiting) == 0 || waiting[0].Wait == 0 || waiting[0].Part != 0 {
			t.Errorf("events %+v, want some waiting, Wait not 0 and Part 0", waiting)
		}
	})
}
