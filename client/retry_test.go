package client_test

import (
	"context"
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

// Retry waits for a lock under Config.Locked, and for other failures under Config.Retry.
func TestRetry(t *testing.T) {
	busy := fake.Status(http.StatusServiceUnavailable, "")
	tests := map[string]struct {
		answers []fake.Action
		retries int // that Config.Retry allows
		want    error
		calls   int
	}{
		"nothing fails":       {nil, 1, nil, 1},
		"locked":              {clienttest.Repeat(5, locked), 1, nil, 6},
		"locked, then broken": {append(clienttest.Repeat(5, locked), busy), 1, nil, 7},
		"no retry":            {clienttest.Repeat(5, locked), 0, protocol.ErrLocked, 1},
		"broken too often":    {clienttest.Repeat(5, busy), 2, retry.ErrExhausted, 3},
		"gone":                {clienttest.Repeat(5, fake.Status(404, "")), 2, protocol.ErrNotFound, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				c := clienttest.NewClient(t, s, client.Config{Retry: clienttest.RetryEachSecond(test.retries)})
				made, err := c.Create(t.Context(), protocol.Creation{Length: protocol.Known(5)}, nil)
				if err != nil {
					t.Fatal(err)
				}
				s.On(http.MethodDelete, test.answers...)
				calls := 0
				var events []client.Event
				err = c.Retry(t.Context(), made.URL, func(ctx context.Context) error {
					calls++
					_, err := c.Terminate(ctx, made.URL, nil)
					return err
				}, clienttest.RecordEvents(&events))
				if test.want == nil && err != nil {
					t.Error(err)
				} else if test.want != nil {
					clienttest.WantErrorIs(t, err, test.want)
				}
				if calls != test.calls || len(clienttest.RetryWaits(events)) != test.calls-1 {
					t.Errorf("%d calls, want %d; events %v", calls, test.calls, clienttest.EventKinds(events))
				}
			})
		})
	}
}

// Metadata tells of its retries, and Retry ends with its context.
func TestRetryEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		c := clienttest.NewClient(t, s, client.Config{})
		made, err := c.Create(t.Context(), protocol.Creation{Length: protocol.Known(5)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var events []client.Event
		s.On(http.MethodHead, locked, locked)
		if _, err := c.Metadata(t.Context(), made.URL, &client.CallOptions{OnEvent: clienttest.RecordEvents(&events)}); err != nil {
			t.Fatal(err)
		}
		clienttest.WantEventKinds(t, events, "retry", "retry")

		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err = c.Retry(ctx, made.URL, func(context.Context) error { return &client.Error{Class: client.ClassLocked, Err: protocol.ErrLocked} }, nil)
		clienttest.WantErrorIs(t, err, context.DeadlineExceeded)
	})
}
