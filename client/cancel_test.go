package client_test

import (
	"context"
	"errors"
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

func TestCancel(t *testing.T) {
	tests := map[string]struct {
		method string
		action func(s *fake.Server, cancel func()) fake.Action
		url    string // after that of the creation; "" for none
		offset int64
	}{
		"while creating": {http.MethodPost, clienttest.HangAndCancel, "", 0},
		"while sending":  {http.MethodPatch, clienttest.HangAndCancel, "1", 2},
		"while asking":   {http.MethodHead, clienttest.HangAndCancel, "1", 2},
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
				action := test.action(s, func() { cancel(clienttest.ErrUnplugged) })
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
				res, err := clienttest.NewClient(t, s, client.Config{ChunkSize: 2}).Upload(ctx, clienttest.TextSource(t, "hello"),
					&client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
				clienttest.WantErrorIs(t, err, clienttest.ErrUnplugged, context.Canceled)
				if errors.Is(err, retry.ErrExhausted) {
					t.Errorf("error %v wraps ErrExhausted", err)
				}
				if test.url != "" {
					test.url = s.URL + test.url
				}
				if res.URL != test.url || res.Offset != test.offset || res.Length != protocol.Known(5) {
					t.Errorf("result %+v, want URL %q, Offset %v and Length %v", res, test.url, test.offset, protocol.Known(5))
				}
				clienttest.WantEventOrder(t, events)
				if last := events[len(events)-1]; last.Err != err || last.Offset != test.offset { //nolint:errorlint // The event has the same error value.
					t.Errorf("last event %+v, want Err %v and Offset %v", last, err, test.offset)
				}
			})
		})
	}
}

func TestCancelledBeforeUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(clienttest.ErrUnplugged)
		c := clienttest.NewClient(t, s, client.Config{})
		calls := map[string]func() (*client.Result, error){
			"Upload":        func() (*client.Result, error) { return c.Upload(ctx, clienttest.TextSource(t, "a"), nil) },
			"Upload stream": func() (*client.Result, error) { return c.Upload(ctx, clienttest.StreamSource("a", 0), nil) },
			"Resume":        func() (*client.Result, error) { return c.Resume(ctx, s.URL+"1", clienttest.TextSource(t, "a"), nil) },
			"UploadConcat": func() (*client.Result, error) {
				return c.UploadConcat(ctx, []client.Source{clienttest.TextSource(t, "a")}, nil)
			},
			"UploadAll": func() (*client.Result, error) {
				outcomes, err := c.UploadAll(ctx, []client.Item{{Source: clienttest.TextSource(t, "a")}})
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
			if !errors.Is(err, clienttest.ErrUnplugged) || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: error %v, want ErrUnplugged and %v", name, err, context.Canceled)
			}
			if res.Orphans != 0 || res.Sent != 0 {
				t.Errorf("%s: result %+v, want Orphans 0 and Sent 0", name, res)
			}
		}
		clienttest.WantRequests(t, s)
	})
}

func TestCancelledExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(clienttest.ErrUnplugged) })
		s.On(http.MethodHead, s.Hang(0))
		_, err := clienttest.NewClient(t, s, client.Config{}).Head(ctx, s.URL+"1", nil)
		clienttest.WantErrorIs(t, err, clienttest.ErrUnplugged, context.Canceled)
		_ = clienttest.ErrorOf(t, err)

		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		s.On(http.MethodHead, s.Hang(0))
		_, err = clienttest.NewClient(t, s, client.Config{}).Head(ctx, s.URL+"1", nil)
		clienttest.WantErrorIs(t, err, context.DeadlineExceeded)
		if got, want := err.Error(), "head http://tus.example/files/1: context deadline exceeded"; got != want {
			t.Errorf("text %q, want %q", got, want)
		}
	})
}
