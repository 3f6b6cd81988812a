package client_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// A server that gives up the tail of what it had acknowledged.
func TestRewound(t *testing.T) {
	forget := func(s *fake.Server) fake.Action {
		return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			synctest.Wait() // a stream has read all that it has room for
			s.Truncate("/files/1", 1)
			fake.Cut(0)(w, r, next)
		}
	}
	t.Run("file", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			s.On(http.MethodPatch, nil, forget(s))
			var events []client.Event
			res, err := newClient(t, s, client.Config{}).Upload(t.Context(), text(t, "hello"),
				&client.UploadOptions{ChunkSize: 2, OnEvent: recordEvents(&events)})
			if err != nil {
				t.Fatal(err)
			}
			wantStored(t, s, res.URL, "hello")
			wantOrder(t, events)
			if diff := cmp.Diff([]string{"created", "retry", "rewound", "done"}, kinds(events)); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			wantSeen(t, s, "POST /files/", "PATCH /files/1 0+2", "PATCH /files/1 2+0", "HEAD /files/1",
				"PATCH /files/1 1+2", "PATCH /files/1 3+2")
		})
	})
	t.Run("stream", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			s.On(http.MethodPatch, nil, forget(s))
			res, err := newClient(t, s, client.Config{}).Upload(t.Context(), stream("hello", 4), nil)
			wantIs(t, err, client.ErrSource, client.ErrSourceWindow)
			if res.Offset != 1 || res.URL == "" {
				t.Errorf("result %+v", res)
			}
			wantSeen(t, s, "OPTIONS /files/", "POST /files/", "PATCH /files/1 0+2", "PATCH /files/1 2+0", "HEAD /files/1")
		})
	})
}

func TestServerClaimsTooMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPatch, fake.Cut(2))
		s.On(http.MethodHead, fake.With("Upload-Offset", "4", "Upload-Length", "9"), fake.With("Upload-Offset", "9", "Upload-Length", "9"))
		// Of nine bytes three are sent; the server says that it has four.
		res, err := newClient(t, s, client.Config{ChunkSize: 3}).Upload(t.Context(), text(t, "elephants"), nil)
		wantIs(t, err, client.ErrIntegrity)
		wantSeen(t, s, "POST /files/", "PATCH /files/1 0+2", "HEAD /files/1")
		if res.Offset != 0 || res.URL == "" || res.Sent != 3 {
			t.Errorf("result %+v", res)
		}
	})
}

// What counts is what was sent, not what was going to be.
func TestServerClaimsUnsent(t *testing.T) {
	const size = "1048576"
	t.Run("in HEAD", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			s.On(http.MethodPatch, fake.Cut(10))
			s.On(http.MethodHead, fake.With("Upload-Offset", size))
			_, err := newClient(t, s, client.Config{}).Upload(t.Context(), text(t, noise(1<<20)), nil)
			wantIs(t, err, client.ErrIntegrity)
			wantSeen(t, s, "POST /files/", "PATCH /files/1 0+10", "HEAD /files/1")
		})
	})
	t.Run("in PATCH", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			s.On(http.MethodPatch, fake.Status(204, "", "Upload-Offset", size), func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
				w.Header().Set("Upload-Offset", size) // before anything was read
				w.WriteHeader(http.StatusNoContent)
			})
			url := s.Put("", protocol.Known(1<<20), nil)
			c := newClient(t, s, client.Config{})
			if _, err := resumeOnce(c, t.Context(), url, text(t, noise(1<<20)), nil); err != nil {
				t.Fatalf("all was sent: %v", err)
			}
			_, err := resumeOnce(c, t.Context(), url, text(t, noise(1<<20)), nil)
			wantIs(t, err, protocol.ErrOffsetBeyond)
		})
	})
}
