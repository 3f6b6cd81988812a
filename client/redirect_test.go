package client_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

func TestRedirect(t *testing.T) {
	// follow redirects to an upload on another origin.
	follow := func(status int) fake.Action {
		return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			http.Redirect(w, r, "http://other.example/up/a+b?x=%2F", status)
		}
	}
	t.Run("keeps the method", func(t *testing.T) {
		for _, status := range []int{307, 308} {
			s := fake.New(t, fake.Config{})
			c := clienttest.NewClient(t, s, client.Config{})
			s.On(http.MethodPost, follow(status), fake.Status(201, "", "Location", "../1?y"))
			reply, err := c.Create(t.Context(), protocol.Creation{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := reply.State.Location; got != "http://other.example/1?y" {
				t.Errorf("%d: Location %s is not relative to the URL that answered", status, got)
			}
			s.On(http.MethodHead, follow(status), fake.Status(200, "", "Upload-Offset", "1"))
			if reply, err = c.Head(t.Context(), s.URL+"1", nil); err != nil || reply.State.Location != "http://other.example/up/a+b?x=%2F" {
				t.Errorf("%d: HEAD gives %+v, %v, want State.Location %q and no error", status, reply, err, "http://other.example/up/a+b?x=%2F")
			}
			s.On(http.MethodPatch, follow(status), fake.Status(204, "", "Upload-Offset", "5"))
			if reply, err = c.Patch(t.Context(), s.URL+"1", protocol.Patch{}, strings.NewReader("hello"), 5, nil); err != nil || reply.State.Offset != 5 {
				t.Errorf("%d: PATCH gives %+v, %v, want State.Offset 5 and no error", status, reply, err)
			}
			if got := s.Seen(); got[len(got)-1] != "PATCH /up/a+b?x=%2F 0+5" {
				t.Errorf("%d: last request %s, want %q", status, got[len(got)-1], "PATCH /up/a+b?x=%2F 0+5")
			}
		}
	})
	t.Run("changes the method", func(t *testing.T) {
		for _, status := range []int{301, 302, 303} {
			s := fake.New(t, fake.Config{})
			for name, d := range map[string]*http.Client{
				"nethttp":  s.Doer(),
				"net/http": {Transport: s.Doer().Transport},
			} {
				c := clienttest.NewClient(t, s, client.Config{Doer: d})
				s.On(http.MethodPost, follow(status))
				res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
				clienttest.WantErrorIs(t, err, client.ErrRedirected)
				if !strings.Contains(err.Error(), "http://other.example/up/a+b") || strings.Contains(err.Error(), "%2F") {
					t.Errorf("%s: error %q, want %q in it and no %q in it", name, err, "http://other.example/up/a+b", "%2F")
				}
				if res.Orphans != 0 || res.Retries != 0 {
					t.Errorf("%s: result %+v, want Orphans 0 and Retries 0", name, res)
				}
				_ = s.Violations() // a GET, which is not part of tus
			}
		}
	})
	t.Run("without address", func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodHead, fake.Status(304, ""))
		_, err := clienttest.NewClient(t, s, client.Config{}).Head(t.Context(), s.URL+"1", nil)
		clienttest.WantErrorIs(t, err, client.ErrRedirected, protocol.ErrRedirect)
	})
	t.Run("for ever", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				http.Redirect(w, r, "http://tus.example/files/", http.StatusTemporaryRedirect)
			}})
			_, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
			clienttest.WantErrorIs(t, err, client.ErrRedirected)
			if n := len(s.Seen()); n > 11 {
				t.Errorf("%d requests, want at most 11", n)
			}
		})
	})
	t.Run("body that cannot be had again", func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPatch, follow(307))
		_, err := clienttest.NewClient(t, s, client.Config{}).Patch(t.Context(), s.URL+"1", protocol.Patch{}, io.MultiReader(strings.NewReader("a")), 1, nil)
		clienttest.WantErrorIs(t, err, client.ErrSourceUsed)
	})
}
