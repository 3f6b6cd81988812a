package client_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// A client that lives long asks again after a day.
func TestCapabilitiesAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inlineServer(t, fake.Config{})
		c := knowing(t, s, client.Config{})
		upload := func() {
			t.Helper()
			if _, err := c.Upload(t.Context(), text(t, "hello"), nil); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(24 * time.Hour)
		upload()
		time.Sleep(time.Nanosecond)
		upload()
		if err := c.Learn(t.Context()); err != nil {
			t.Fatal(err)
		}
		upload()
		wantSeen(t, s, options, "POST /files/ +5", created, "PATCH /files/2 0+5", options, "POST /files/ +5")
	})
}

// One endpoint says nothing of another.
func TestCapabilitiesOfOneEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inlineServer(t, fake.Config{})
		knowing(t, s, client.Config{})
		c := newClient(t, s, client.Config{Endpoint: s.URL + "?tenant=b"})
		if _, err := c.Upload(t.Context(), text(t, "hello"), nil); err != nil {
			t.Fatal(err)
		}
		wantSeen(t, s, options, "POST /files/?tenant=b", "PATCH /files/1 0+5")
	})
}

func TestLearn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inlineServer(t, fake.Config{})
		c := newClient(t, s, client.Config{})
		s.On(http.MethodOptions, fake.Status(503, "ERR_BUSY: later\n"), fake.Status(204, ""))
		if e := facts(t, c.Learn(t.Context())); e.StatusCode != http.StatusServiceUnavailable || e.Op != protocol.OpOptions {
			t.Errorf("error %v", e)
		}
		wantIs(t, c.Learn(t.Context()), protocol.ErrMissingHeader)
		for range 2 {
			if err := c.Learn(t.Context()); err != nil {
				t.Error(err)
			}
		}
		wantSeen(t, s, options, options, options)

		wantIs(t, newClient(t, s, client.Config{Endpoint: s.URL}).Learn(ended(t)), context.Canceled, errPulled)
	})
	c, err := client.New(client.Config{})
	if err != nil {
		t.Fatal(err)
	}
	wantIs(t, c.Learn(t.Context()), client.ErrNoEndpoint)
}

// ended is a context that was over before it began.
func ended(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errPulled)
	return ctx
}
