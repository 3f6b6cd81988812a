package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// after handles the request after d.
func after(d time.Duration) fake.Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_, _ = io.ReadAll(io.LimitReader(r.Body, 0))
		time.Sleep(d)
		next.ServeHTTP(w, r)
	}
}

// late reads the body, and handles the request after d.
func late(d time.Duration) fake.Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		body, _ := io.ReadAll(r.Body)
		time.Sleep(d)
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	}
}

func TestStall(t *testing.T) {
	tests := map[string]struct {
		cfg  client.Config
		call func(ctx context.Context, t *testing.T, s *fake.Server, c *client.Client) error
		want time.Duration // until ErrStalled; 0: there is no such error
	}{
		"HEAD without an answer": {client.Config{}, func(ctx context.Context, _ *testing.T, s *fake.Server, c *client.Client) error {
			s.On(http.MethodHead, s.Hang(0))
			_, err := c.Head(ctx, s.Put("", protocol.Known(1), nil), nil)
			return err
		}, 30 * time.Second},
		"other time-out": {client.Config{StallTimeout: time.Second}, func(ctx context.Context, _ *testing.T, s *fake.Server, c *client.Client) error {
			s.On(http.MethodHead, s.Hang(0))
			_, err := c.Head(ctx, s.Put("", protocol.Known(1), nil), nil)
			return err
		}, time.Second},
		"answer in time": {client.Config{}, func(ctx context.Context, _ *testing.T, s *fake.Server, c *client.Client) error {
			s.On(http.MethodHead, after(29*time.Second))
			_, err := c.Head(ctx, s.Put("", protocol.Known(1), nil), nil)
			return err
		}, 0},
		"no limit": {client.Config{StallTimeout: -1}, func(ctx context.Context, _ *testing.T, s *fake.Server, c *client.Client) error {
			s.On(http.MethodHead, after(24*time.Hour))
			_, err := c.Head(ctx, s.Put("", protocol.Known(1), nil), nil)
			return err
		}, 0},
		"creation without an answer": {client.Config{}, func(ctx context.Context, _ *testing.T, s *fake.Server, c *client.Client) error {
			s.On(http.MethodPost, s.Hang(0))
			_, err := c.Create(ctx, protocol.Creation{}, nil)
			return err
		}, 30 * time.Second},
		"body not taken": {client.Config{}, func(ctx context.Context, t *testing.T, s *fake.Server, c *client.Client) error {
			t.Helper()
			s.On(http.MethodPatch, s.Hang(100))
			data := clienttest.Noise(1 << 20)
			_, err := clienttest.ResumeOnce(ctx, c, s.Put("", protocol.Known(1<<20), nil), clienttest.TextSource(t, data), nil)
			return err
		}, 30 * time.Second},
		"chunk without an answer": {client.Config{ChunkSize: 3}, func(ctx context.Context, t *testing.T, s *fake.Server, c *client.Client) error {
			t.Helper()
			s.On(http.MethodPatch, s.Hang(3))
			_, err := clienttest.ResumeOnce(ctx, c, s.Put("", protocol.Known(5), nil), clienttest.TextSource(t, "hello"), nil)
			return err
		}, 30 * time.Second},
		"last byte without an answer": {client.Config{}, func(ctx context.Context, t *testing.T, s *fake.Server, c *client.Client) error {
			t.Helper()
			s.On(http.MethodPatch, s.Hang(5))
			_, err := clienttest.ResumeOnce(ctx, c, s.Put("", protocol.Known(5), nil), clienttest.TextSource(t, "hello"), nil)
			return err
		}, 10 * time.Minute},
		"end takes its time": {client.Config{}, func(ctx context.Context, t *testing.T, s *fake.Server, c *client.Client) error {
			t.Helper()
			s.On(http.MethodPatch, late(9*time.Minute))
			_, err := clienttest.ResumeOnce(ctx, c, s.Put("", protocol.Known(5), nil), clienttest.TextSource(t, "hello"), nil)
			return err
		}, 0},
		"end without limit": {client.Config{FinishTimeout: -1}, func(ctx context.Context, t *testing.T, s *fake.Server, c *client.Client) error {
			t.Helper()
			s.On(http.MethodPatch, late(24*time.Hour))
			_, err := clienttest.ResumeOnce(ctx, c, s.Put("", protocol.Known(5), nil), clienttest.TextSource(t, "hello"), nil)
			return err
		}, 0},
		"deleting takes its time": {client.Config{FinishTimeout: time.Minute}, func(ctx context.Context, _ *testing.T, s *fake.Server, c *client.Client) error {
			s.On(http.MethodDelete, s.Hang(0))
			_, err := c.Terminate(ctx, s.Put("", protocol.Known(5), nil), nil)
			return err
		}, time.Minute},
		"joining takes its time": {client.Config{FinishTimeout: time.Minute}, func(ctx context.Context, _ *testing.T, s *fake.Server, c *client.Client) error {
			s.On(http.MethodPost, s.Hang(0))
			_, err := c.Concat(ctx, []string{"/files/1"}, nil, nil)
			return err
		}, time.Minute},
		"slow source": {client.Config{StallTimeout: time.Second}, func(ctx context.Context, _ *testing.T, s *fake.Server, c *client.Client) error {
			url := s.Put("", protocol.Known(3), nil)
			_, err := c.Patch(ctx, url, protocol.Patch{}, clienttest.SlowReader{Reader: bytes.NewReader([]byte("abc")), Gap: time.Minute}, 3, nil)
			return err
		}, 0},
		"slow network": {client.Config{StallTimeout: 2 * time.Second}, func(ctx context.Context, t *testing.T, s *fake.Server, c *client.Client) error {
			t.Helper()
			s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				var kept bytes.Buffer
				for {
					if _, err := io.CopyN(&kept, r.Body, 32<<10); err != nil {
						break
					}
					time.Sleep(time.Second)
				}
				r.Body = io.NopCloser(&kept)
				next.ServeHTTP(w, r)
			})
			_, err := clienttest.ResumeOnce(ctx, c, s.Put("", protocol.Known(1<<20), nil), clienttest.TextSource(t, clienttest.Noise(1<<20)), nil)
			return err
		}, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				c := clienttest.NewClient(t, s, test.cfg)
				began := time.Now()
				err := test.call(t.Context(), t, s, c)
				took := time.Since(began)
				if test.want == 0 {
					if err != nil {
						t.Errorf("after %v: %v", took, err)
					}
					return
				}
				clienttest.WantErrorIs(t, err, client.ErrStalled)
				if clienttest.ErrorOf(t, err).StatusCode != 0 || !errors.Is(err, retry.ErrExhausted) && !retry.Retryable(err) || errors.Is(err, context.Canceled) {
					t.Errorf("error %v, want one without a status that can be retried", err)
				}
				if took != test.want {
					t.Errorf("took %v, want %v", took, test.want)
				}
			})
		})
	}
}

// The stall timeout applies to the body of an answer as well. The headers of the answer are used.
func TestAnswerStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Upload-Offset", "5")
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			s.Hang(0)(w, r, next)
		})
		began := time.Now()
		if _, err := clienttest.ResumeOnce(t.Context(), clienttest.NewClient(t, s, client.Config{}), s.Put("", protocol.Known(5), nil), clienttest.TextSource(t, "hello"), nil); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("took %v, want %v", took, 30*time.Second)
		}
	})
}

// A stall is retried, and is not treated as a cancellation.
func TestUploadSurvivesStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPatch, s.Hang(2))
		s.On(http.MethodHead, s.Hang(0))
		res, err := clienttest.NewClient(t, s, client.Config{ChunkSize: 4}).Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, "hello")
		if res.Retries != 2 {
			t.Errorf("%d retries, want 2", res.Retries)
		}
	})
}
