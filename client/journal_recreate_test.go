package client_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

const startsOver = "upload starts over"

// An upload that is gone after its last byte was sent may be complete, so no new upload is
// created.
func TestRecreateAfterLastByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
		clienttest.InterruptUpload(t, s, &store, name)
		before, already := clienttest.OnlyRecord(t, &store), len(s.Seen())
		gone := fake.Status(410, "ERR_UPLOAD_EXPIRED: too late\n")
		s.On(http.MethodHead, nil, gone)
		s.On(http.MethodPatch, gone)
		cfg := clienttest.RecordingConfig(&store, nil)
		cfg.Recreate = client.RecreateGone
		_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, client.ErrUncertain)
		want := []string{clienttest.Head, "PATCH /files/1 524295+524282", clienttest.Head}
		if diff := cmp.Diff(want, s.Seen()[already:]); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
		if after := clienttest.OnlyRecord(t, &store); after.URL != before.URL || !after.Uncertain {
			t.Errorf("record %+v, want one of %s that is uncertain", after, before.URL)
		}
	})
}

// If the server no longer has the upload of a record, Config.Recreate decides whether a new
// upload is created.
func TestRecreate(t *testing.T) {
	again := []string{clienttest.Post, "PATCH /files/2 0+524288", "PATCH /files/2 524288+524288", "PATCH /files/2 1048576+1"}
	gone := fake.Status(410, "ERR_UPLOAD_EXPIRED: too late\n")
	longer, shorter := fake.With("Upload-Length", "1048578"), fake.With("Upload-Length", "600000")
	// The offset is so low that the next chunk is not the last one.
	back, next := fake.With("Upload-Offset", "7"), "PATCH /files/1 7+524288"
	tests := map[string]struct {
		recreate    client.Recreate
		head, patch fake.Action
		want        []string // requests of the second run
		is          error    // nil: the file was uploaded again
	}{
		"gone":        {client.RecreateGone, fake.Status(404, ""), nil, append([]string{clienttest.Head}, again...), nil},
		"gone, 410":   {client.RecreateGone, gone, nil, append([]string{clienttest.Head}, again...), nil},
		"gone, later": {client.RecreateGone, back, gone, append([]string{clienttest.Head, next}, again...), nil},

		"gone, for a longer one":  {client.RecreateGone, longer, nil, append([]string{clienttest.Head}, again...), nil},
		"gone, for a shorter one": {client.RecreateGone, shorter, nil, append([]string{clienttest.Head}, again...), nil},

		"gone, HEAD is forbidden": {client.RecreateGone, fake.Status(403, ""), nil, []string{clienttest.Head}, protocol.ErrForbidden},

		"never":        {client.RecreateNever, fake.Status(404, ""), nil, []string{clienttest.Head}, protocol.ErrNotFound},
		"never, 410":   {client.RecreateNever, gone, nil, []string{clienttest.Head}, protocol.ErrGone},
		"never, later": {client.RecreateNever, back, gone, []string{clienttest.Head, next}, protocol.ErrGone},

		"never, for a longer one": {client.RecreateNever, longer, nil, []string{clienttest.Head}, client.ErrLengthMismatch},

		"always": {client.RecreateAlways, nil, nil, again, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				data := clienttest.Noise(clienttest.RecordedSize)
				name := clienttest.WriteFile(t, data)
				s.On(http.MethodPost, fake.With("Upload-Expires", time.Now().Add(time.Hour).Format(http.TimeFormat)))
				clienttest.InterruptUpload(t, s, &store, name)
				before, already := clienttest.OnlyRecord(t, &store), len(s.Seen())

				s.On(http.MethodHead, test.head)
				s.On(http.MethodPatch, test.patch)
				var events []client.Event
				var log bytes.Buffer
				cfg := clienttest.RecordingConfig(&store, &log)
				cfg.Recreate = test.recreate
				res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
				if diff := cmp.Diff(test.want, s.Seen()[already:]); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				if test.is != nil {
					clienttest.WantErrorIs(t, err, test.is)
					after := clienttest.OnlyRecord(t, &store)
					if after.URL != before.URL || res.URL != before.URL {
						t.Errorf("record of %s, result of %s, want %s", after.URL, res.URL, before.URL)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				clienttest.WantNoRecord(t, &store)
				wantRecreated(t, res, events)
				if test.recreate == client.RecreateGone {
					clienttest.WantLogged(t, &log, slog.LevelWarn, startsOver)
				} else {
					clienttest.WantNoWarning(t, &log)
				}
			})
		})
	}
}

// wantRecreated checks that the result and the events have nothing of the earlier upload.
func wantRecreated(t *testing.T, res *client.Result, events []client.Event) {
	t.Helper()
	want := &client.Result{
		URL: "http://tus.example/files/2", Offset: clienttest.RecordedSize, Length: protocol.Known(clienttest.RecordedSize),
		CreationHeader: res.CreationHeader, Header: res.Header, Sent: res.Sent, Retries: res.Retries,
	}
	if diff := cmp.Diff(want, res); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	if res.CreationHeader == nil {
		t.Error("the result has no headers of the creation")
	}
	created := false
	for _, ev := range events {
		if ev.Kind != client.EventCreated {
			continue
		}
		created = true
		if ev.URL != want.URL || ev.Offset != 0 || ev.Sent != 0 {
			t.Errorf("event %+v, want the URL of the new upload at offset 0", ev)
		}
	}
	if !created {
		t.Error("there is no EventCreated")
	}
}

// After a 404, the record of the upload stays until a new upload was created. The 404 may come
// from a proxy whose server is down.
func TestRecordKeptUntilNewUploadIsCreated(t *testing.T) {
	away := fake.Status(404, "404 page not found\n")
	for name, post := range map[string]fake.Action{"refused": away, "lost": fake.Cut(0)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				data := clienttest.Noise(clienttest.RecordedSize)
				name := clienttest.WriteFile(t, data)
				clienttest.InterruptUpload(t, s, &store, name)
				before := clienttest.OnlyRecord(t, &store)

				s.On(http.MethodHead, away)
				s.On(http.MethodPost, post)
				res, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if err == nil || res.URL != "" {
					t.Errorf("result %+v, error %v, want URL \"\" and an error", res, err)
				}
				if diff := cmp.Diff(before, clienttest.OnlyRecord(t, &store)); diff != "" {
					t.Errorf("record (-want +got):\n%s", diff)
				}

				already := len(s.Seen())
				res, err = clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff([]string{clienttest.Head, "PATCH /files/1 524295+524282"}, s.Seen()[already:]); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				clienttest.WantStored(t, s, res.URL, data)
				clienttest.WantNoRecord(t, &store)
			})
		})
	}
}

// A new upload whose bytes are sent with the creation leaves no record of the earlier one.
func TestRecreatedInline(t *testing.T) {
	for name, recreate := range map[string]client.Recreate{"gone": client.RecreateGone, "always": client.RecreateAlways} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := clienttest.NewInlineServer(t, fake.Config{})
				name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
				clienttest.InterruptUpload(t, s, &store, name)
				if recreate == client.RecreateGone {
					s.On(http.MethodHead, fake.Status(404, ""))
				}
				cfg := clienttest.RecordingConfig(&store, nil)
				cfg.Recreate, cfg.InlineSize, cfg.ChunkSize = recreate, 2<<20, 0
				c := clienttest.NewClient(t, s, cfg)
				if err := c.Learn(t.Context()); err != nil {
					t.Fatal(err)
				}
				res, err := c.Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if err != nil {
					t.Fatal(err)
				}
				if seen := s.Seen(); res.URL != "http://tus.example/files/2" || seen[len(seen)-1] != "POST /files/ +1048577" {
					t.Errorf("result %+v, requests %q, want URL %q and last %q", res, seen, "http://tus.example/files/2", "POST /files/ +1048577")
				}
				clienttest.WantNoRecord(t, &store)
			})
		})
	}
}
