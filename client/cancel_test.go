package client_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

var errPulled = errors.New("plug pulled")

func TestCancel(t *testing.T) {
	tests := map[string]struct {
		method string
		action func(s *fake.Server, cancel func()) fake.Action
		url    string // after that of the creation; "" for none
		offset int64
	}{
		"while creating": {http.MethodPost, hang, "", 0},
		"while sending":  {http.MethodPatch, hang, "1", 2},
		"while asking":   {http.MethodHead, hang, "1", 2},
		"while waiting": {http.MethodPatch, func(_ *fake.Server, cancel func()) fake.Action {
			return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				time.AfterFunc(time.Second, cancel)
				fake.Status(503, "", "Retry-After", "30")(w, r, next)
			}
		}, "1", 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				ctx, cancel := context.WithCancelCause(t.Context())
				action := test.action(s, func() { cancel(errPulled) })
				switch test.method {
				case http.MethodPost:
					s.On(http.MethodPost, action)
				case http.MethodPatch:
					s.On(http.MethodPatch, nil, action)
				case http.MethodHead:
					s.On(http.MethodPatch, nil, fake.Cut(0))
					s.On(http.MethodHead, action)
				}
				var events []client.Event
				res, err := newClient(t, s, client.Config{ChunkSize: 2}).Upload(ctx, text(t, "hello"),
					&client.UploadOptions{OnEvent: recordEvents(&events)})
				wantIs(t, err, errPulled, context.Canceled)
				if errors.Is(err, retry.ErrExhausted) {
					t.Errorf("error %v is ErrExhausted", err)
				}
				if test.url != "" {
					test.url = s.URL + test.url
				}
				if res.URL != test.url || res.Offset != test.offset || res.Length != protocol.Known(5) {
					t.Errorf("result %+v", res)
				}
				wantOrder(t, events)
				if last := events[len(events)-1]; last.Err != err || last.Offset != test.offset { //nolint:errorlint // The very same error.
					t.Errorf("last event %+v", last)
				}
			})
		})
	}
}

// hang never answers, and cancels after a second.
func hang(s *fake.Server, cancel func()) fake.Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		time.AfterFunc(time.Second, cancel)
		s.Hang(1)(w, r, next)
	}
}

func TestCancelledBeforehand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errPulled)
		c := newClient(t, s, client.Config{})
		calls := map[string]func() (*client.Result, error){
			"Upload":        func() (*client.Result, error) { return c.Upload(ctx, text(t, "a"), nil) },
			"Upload stream": func() (*client.Result, error) { return c.Upload(ctx, stream("a", 0), nil) },
			"Resume":        func() (*client.Result, error) { return c.Resume(ctx, s.URL+"1", text(t, "a"), nil) },
			"UploadConcat": func() (*client.Result, error) {
				return c.UploadConcat(ctx, []client.Source{text(t, "a")}, nil)
			},
			"UploadAll": func() (*client.Result, error) {
				outcomes, err := c.UploadAll(ctx, []client.Item{{Source: text(t, "a")}})
				return outcomes[0].Result, err
			},
			"Metadata": func() (*client.Result, error) {
				_, err := c.Metadata(ctx, s.URL+"1", nil)
				return &client.Result{}, err
			},
			"Head": func() (*client.Result, error) {
				_, err := c.Head(ctx, s.URL+"1", nil)
				return &client.Result{}, err
			},
		}
		for name, call := range calls {
			res, err := call()
			if !errors.Is(err, errPulled) || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: error %v", name, err)
			}
			if res.Orphans != 0 || res.Sent != 0 {
				t.Errorf("%s: result %+v", name, res)
			}
		}
		wantSeen(t, s)
	})
}

func TestCancelledExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errPulled) })
		s.On(http.MethodHead, s.Hang(0))
		_, err := newClient(t, s, client.Config{}).Head(ctx, s.URL+"1", nil)
		wantIs(t, err, errPulled, context.Canceled)
		_ = facts(t, err)

		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		s.On(http.MethodHead, s.Hang(0))
		_, err = newClient(t, s, client.Config{}).Head(ctx, s.URL+"1", nil)
		wantIs(t, err, context.DeadlineExceeded)
		if got, want := err.Error(), "head http://tus.example/files/1: context deadline exceeded"; got != want {
			t.Errorf("text %q, want %q", got, want)
		}
	})
}
