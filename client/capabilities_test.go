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
)

// The capabilities of a server are requested again after a day.
func TestCapabilitiesAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := clienttest.NewInlineServer(t, fake.Config{})
		c := clienttest.NewLearnedClient(t, s, client.Config{})
		upload := func() {
			t.Helper()
			if _, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil); err != nil {
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
		clienttest.WantRequests(t, s, clienttest.Options, "POST /files/ +5", clienttest.Post, "PATCH /files/2 0+5", clienttest.Options, "POST /files/ +5")
	})
}

// The capabilities of one endpoint are not used for another one.
func TestCapabilitiesOfOneEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := clienttest.NewInlineServer(t, fake.Config{})
		clienttest.NewLearnedClient(t, s, client.Config{})
		c := clienttest.NewClient(t, s, client.Config{Endpoint: s.URL + "?tenant=b"})
		if _, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil); err != nil {
			t.Fatal(err)
		}
		clienttest.WantRequests(t, s, clienttest.Options, "POST /files/?tenant=b", "PATCH /files/1 0+5")
	})
}

func TestLearn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := clienttest.NewInlineServer(t, fake.Config{})
		c := clienttest.NewClient(t, s, client.Config{})
		s.On(http.MethodOptions, fake.Status(503, "ERR_BUSY: later\n"), fake.Status(204, ""))
		if e := clienttest.ErrorOf(t, c.Learn(t.Context())); e.StatusCode != http.StatusServiceUnavailable || e.Op != protocol.OpOptions {
			t.Errorf("error %v, want StatusCode 503 and Op %q", e, protocol.OpOptions)
		}
		clienttest.WantErrorIs(t, c.Learn(t.Context()), protocol.ErrMissingHeader)
		for range 2 {
			if err := c.Learn(t.Context()); err != nil {
				t.Error(err)
			}
		}
		clienttest.WantRequests(t, s, clienttest.Options, clienttest.Options, clienttest.Options)

		clienttest.WantErrorIs(t, clienttest.NewClient(t, s, client.Config{Endpoint: s.URL}).Learn(ended(t)), context.Canceled, clienttest.ErrUnplugged)
	})
	c, err := client.New(client.Config{})
	if err != nil {
		t.Fatal(err)
	}
	clienttest.WantErrorIs(t, c.Learn(t.Context()), client.ErrNoEndpoint)
}

// ended returns a context that has ended with clienttest.ErrUnplugged.
func ended(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(clienttest.ErrUnplugged)
	return ctx
}
