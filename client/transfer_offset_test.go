package client_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// If the server loses the last acknowledged bytes, they are sent again.
func TestRewound(t *testing.T) {
	forget := func(s *fake.Server) fake.Action {
		return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			synctest.Wait() // a stream was read up to its window
			s.Truncate("/files/1", 1)
			fake.Cut(0)(w, r, next)
		}
	}
	t.Run("file", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			s.On(http.MethodPatch, nil, forget(s))
			var events []client.Event
			res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "hello"),
				&client.UploadOptions{ChunkSize: 2, OnEvent: clienttest.RecordEvents(&events)})
			if err != nil {
				t.Fatal(err)
			}
			clienttest.WantStored(t, s, res.URL, "hello")
			clienttest.WantEventOrder(t, events)
			if diff := cmp.Diff([]string{"created", "retry", "rewound", "done"}, clienttest.EventKinds(events)); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			clienttest.WantRequests(t, s, "POST /files/", "PATCH /files/1 0+2", "PATCH /files/1 2+0", "HEAD /files/1",
				"PATCH /files/1 1+2", "PATCH /files/1 3+2")
		})
	})
	t.Run("stream", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			s.On(http.MethodPatch, nil, forget(s))
			res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.StreamSource("hello", 4), nil)
			clienttest.WantErrorIs(t, err, client.ErrSource, client.ErrSourceWindow)
			if res.Offset != 1 || res.URL == "" {
				t.Errorf("result %+v, want Offset 1 and URL not empty", res)
			}
			// The server is asked again, because another node may still have the bytes.
			clienttest.WantRequests(t, s, "OPTIONS /files/", "POST /files/", "PATCH /files/1 0+2", "PATCH /files/1 2+0",
				"HEAD /files/1", "HEAD /files/1", "HEAD /files/1", "HEAD /files/1",
				"DELETE /files/1") // no later run has the stream
		})
	})
}

func TestServerClaimsTooMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPatch, fake.Cut(2))
		s.On(http.MethodHead, fake.With("Upload-Offset", "4", "Upload-Length", "9"), fake.With("Upload-Offset", "9", "Upload-Length", "9"))
		// Three of nine bytes are sent, and the server names offset four.
		res, err := clienttest.NewClient(t, s, client.Config{ChunkSize: 3}).Upload(t.Context(), clienttest.TextSource(t, "elephants"), nil)
		clienttest.WantErrorIs(t, err, client.ErrIntegrity)
		clienttest.WantRequests(t, s, "POST /files/", "PATCH /files/1 0+2", "HEAD /files/1")
		if res.Offset != 0 || res.URL == "" || res.Sent != 3 {
			t.Errorf("result %+v, want Offset 0, URL not empty and Sent 3", res)
		}
	})
}

// An offset above the bytes that were sent is an error, even if it is within the current body.
func TestServerClaimsUnsent(t *testing.T) {
	const size = "1048576"
	t.Run("in HEAD", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			s.On(http.MethodPatch, fake.Cut(10))
			s.On(http.MethodHead, fake.With("Upload-Offset", size))
			_, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, clienttest.Noise(1<<20)), nil)
			clienttest.WantErrorIs(t, err, client.ErrIntegrity)
			clienttest.WantRequests(t, s, "POST /files/", "PATCH /files/1 0+10", "HEAD /files/1")
		})
	})
	t.Run("in PATCH", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			s.On(http.MethodPatch, fake.Status(204, "", "Upload-Offset", size), func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
				w.Header().Set("Upload-Offset", size) // before the body was read
				w.WriteHeader(http.StatusNoContent)
			})
			url := s.Put("", protocol.Known(1<<20), nil)
			c := clienttest.NewClient(t, s, client.Config{})
			if _, err := clienttest.ResumeOnce(t.Context(), c, url, clienttest.TextSource(t, clienttest.Noise(1<<20)), nil); err != nil {
				t.Fatalf("all was sent: %v", err)
			}
			_, err := clienttest.ResumeOnce(t.Context(), c, url, clienttest.TextSource(t, clienttest.Noise(1<<20)), nil)
			clienttest.WantErrorIs(t, err, protocol.ErrOffsetBeyond)
		})
	})
}
