package client_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// A later client resumes an upload at the offset at which an earlier one stopped.
func TestLaterRunResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		data := clienttest.Noise(clienttest.RecordedSize)
		name := clienttest.WriteFile(t, data)
		url := clienttest.InterruptUpload(t, s, &store, name).URL
		created := clienttest.OnlyRecord(t, &store).Created

		// An hour later, another run is interrupted at a higher offset.
		time.Sleep(time.Hour)
		s.On(http.MethodPatch, fake.Cut(1))
		cfg := clienttest.RecordingConfig(&store, nil)
		cfg.Retry = retry.Delays(0)
		s.On(http.MethodHead, nil, nil, fake.Status(503, ""))
		s.On(http.MethodPatch, fake.Cut(0))
		res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, retry.ErrExhausted)
		if res.Resumed != clienttest.ChunkSize+7 {
			t.Errorf("resumed at %d, want %d", res.Resumed, clienttest.ChunkSize+7)
		}
		r := clienttest.OnlyRecord(t, &store)
		if r.Offset != clienttest.ChunkSize+8 || !r.Created.Equal(created) || !r.Updated.Equal(time.Now()) {
			t.Errorf("record %+v, want Offset %v, Created %v and Updated %v", r, clienttest.ChunkSize+8, created, time.Now())
		}

		var events []client.Event
		var log bytes.Buffer
		res, err = clienttest.NewRecordingClient(t, s, &store, &log).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
		if err != nil {
			t.Fatal(err)
		}
		want := &client.Result{
			URL: url, Offset: clienttest.RecordedSize, Length: protocol.Known(clienttest.RecordedSize), Resumed: clienttest.ChunkSize + 8,
			Sent: clienttest.RecordedSize - clienttest.ChunkSize - 8, Header: res.Header,
		}
		if diff := cmp.Diff(want, res); diff != "" {
			t.Errorf("result (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"resumed", "done"}, clienttest.EventKinds(events)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if events[0].Offset != clienttest.ChunkSize+8 || events[0].URL != url {
			t.Errorf("first event %+v, want Offset %v and URL %q", events[0], clienttest.ChunkSize+8, url)
		}
		clienttest.WantRequests(t, s, clienttest.Post, clienttest.Patch1, "PATCH /files/1 524288+7",
			clienttest.Head, "PATCH /files/1 524295+1", clienttest.Head, "PATCH /files/1 524296+0", clienttest.Head,
			clienttest.Head, "PATCH /files/1 524296+524281")
		clienttest.WantStored(t, s, url, data)
		clienttest.WantNoRecord(t, &store)
		clienttest.WantNoWarning(t, &log)
		clienttest.WantLogged(t, &log, slog.LevelInfo, "upload resumed")
	})
}

// If the server has all bytes of a recorded upload, nothing is sent.
func TestRecordedUploadIsComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		data := clienttest.Noise(clienttest.RecordedSize)
		name := clienttest.WriteFile(t, data)
		s.On(http.MethodPatch, nil, nil, fake.Lose)
		res, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, retry.ErrExhausted)
		clienttest.WantStored(t, s, res.URL, data)
		if r := clienttest.OnlyRecord(t, &store); r.Offset != 2*clienttest.ChunkSize {
			t.Errorf("record %+v, want Offset %v", r, 2*clienttest.ChunkSize)
		}

		res, err = clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		if res.Resumed != clienttest.RecordedSize || res.Offset != clienttest.RecordedSize || res.Sent != 0 {
			t.Errorf("result %+v, want Resumed %v, Offset %v and Sent 0", res, clienttest.RecordedSize, clienttest.RecordedSize)
		}
		clienttest.WantRequests(t, s, clienttest.Post, clienttest.Patch1, clienttest.Patch2, clienttest.Patch3, clienttest.Head)
		clienttest.WantNoRecord(t, &store)

		// After a success, the same file is uploaded again.
		res, err = clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		if res.URL != "http://tus.example/files/2" || res.Resumed != 0 {
			t.Errorf("result %+v, want URL %q and Resumed 0", res, "http://tus.example/files/2")
		}
	})
}

// An upload never restarts at offset 0 because HEAD failed.
func TestResumeNeverStartsAtZero(t *testing.T) {
	tests := map[string]fake.Action{
		"bad gateway":   fake.Status(502, "<html>\n"),
		"unavailable":   fake.Status(503, ""),
		"server error":  fake.Status(500, ""),
		"rate limit":    fake.Status(429, ""),
		"locked":        fake.Status(423, ""),
		"no answer":     fake.Lose,
		"time-out":      fake.Status(408, ""),
		"lock time-out": fake.Status(500, "ERR_LOCK_TIMEOUT: failed to acquire lock before timeout\n"),
	}
	for name, fault := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				data := clienttest.Noise(clienttest.RecordedSize)
				name := clienttest.WriteFile(t, data)
				clienttest.InterruptUpload(t, s, &store, name)

				want := []string{clienttest.Post, clienttest.Patch1, "PATCH /files/1 524288+7"}
				for range 5 {
					s.On(http.MethodHead, fault)
					want = append(want, clienttest.Head)
				}
				cfg := clienttest.RecordingConfig(&store, nil)
				cfg.Retry = nil
				res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if err != nil {
					t.Fatal(err)
				}
				if res.Resumed != clienttest.ChunkSize+7 || res.Retries != 5 {
					t.Errorf("resumed at %d after %d retries, want Resumed %v and Retries 5", res.Resumed, res.Retries, clienttest.ChunkSize+7)
				}
				clienttest.WantRequests(t, s, append(want, clienttest.Head, "PATCH /files/1 524295+524282")...)
				clienttest.WantStored(t, s, res.URL, data)
			})
		})
	}
}

// The record has the URL after permanent redirects, or on another origin, and a later run
// resumes there.
func TestRecordHasURLOfServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const elsewhere = "http://store.example:8080/files/1?token=s%2Fe+c"
		var store client.MemoryStore
		s := fake.New(t, fake.Config{Location: func(string) string { return elsewhere }})
		data := clienttest.Noise(clienttest.RecordedSize)
		name := clienttest.WriteFile(t, data)
		s.On(http.MethodPatch, fake.Cut(7))
		_, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, retry.ErrExhausted)
		if r := clienttest.OnlyRecord(t, &store); r.URL != elsewhere || r.Endpoint != s.URL {
			t.Errorf("record %+v, want URL %q and Endpoint %q", r, elsewhere, s.URL)
		}
		res, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		if res.URL != elsewhere || res.Resumed != 7 {
			t.Errorf("result %+v, want URL %q and Resumed 7", res, elsewhere)
		}
		clienttest.WantStored(t, s, res.URL, data)
	})
}

// The record has the time of Upload-Expires. If that time has passed, a later run logs a
// warning, even if the server does not repeat the header.
func TestExpiryIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, later := time.Now().Add(time.Hour).UTC(), time.Now().Add(2*time.Hour).UTC()
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
		s.On(http.MethodPost, fake.With("Upload-Expires", first.Format(http.TimeFormat)))
		s.On(http.MethodPatch, fake.Cut(7))
		_, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, retry.ErrExhausted)
		if r := clienttest.OnlyRecord(t, &store); !r.Expires.Equal(first) {
			t.Errorf("expires %v, want %v", r.Expires, first)
		}

		s.On(http.MethodPatch, fake.With("Upload-Expires", later.Format(http.TimeFormat)), fake.Cut(7))
		res, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, retry.ErrExhausted)
		if r := clienttest.OnlyRecord(t, &store); !r.Expires.Equal(later) || !res.Expires.Equal(later) {
			t.Errorf("expires %v, result %v, want %v", r.Expires, res.Expires, later)
		}

		// An answer without Upload-Expires does not remove the time.
		s.On(http.MethodPatch, fake.Cut(7))
		res, err = clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, retry.ErrExhausted)
		if r := clienttest.OnlyRecord(t, &store); !r.Expires.Equal(later) || !res.Expires.Equal(later) {
			t.Errorf("expires %v, result %v, want %v", r.Expires, res.Expires, later)
		}

		time.Sleep(3 * time.Hour)
		var log bytes.Buffer
		s.On(http.MethodHead, fake.With("Upload-Expires", later.Format(http.TimeFormat)))
		s.On(http.MethodPatch, fake.Cut(7))
		_, err = clienttest.NewRecordingClient(t, s, &store, &log).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, retry.ErrExhausted)
		const expired = "the upload has expired, as the server said that it would"
		clienttest.WantLogged(t, &log, slog.LevelWarn, expired)

		log.Reset()
		if _, err := clienttest.NewRecordingClient(t, s, &store, &log).Upload(t.Context(), clienttest.PathSource(t, name), nil); err != nil {
			t.Fatal(err)
		}
		clienttest.WantLogged(t, &log, slog.LevelWarn, expired)
	})
}

// An upload that is resumed keeps the metadata of its creation. Other metadata cause a warning.
func TestResumedWithOtherMetadata(t *testing.T) {
	tests := map[string]struct {
		now  protocol.Metadata
		head fake.Action
		warn bool
	}{
		"the same":                    {protocol.Metadata{"a": "1", "b": "2"}, nil, false},
		"fewer":                       {protocol.Metadata{"a": "1"}, nil, false},
		"another value":               {protocol.Metadata{"a": "1", "b": "3"}, nil, true},
		"another key":                 {protocol.Metadata{"c": "1"}, nil, true},
		"no metadata from the server": {protocol.Metadata{"c": "1"}, fake.With(protocol.HeaderUploadMetadata, ""), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := new(client.MemoryStore)
				s := fake.New(t, fake.Config{})
				var log bytes.Buffer
				c := clienttest.NewRecordingClient(t, s, store, &log)
				file := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
				upload := func(m protocol.Metadata) error {
					_, err := c.Upload(t.Context(), clienttest.PathSource(t, file), &client.UploadOptions{Metadata: m})
					return err
				}
				s.On(http.MethodPatch, fake.Status(403, ""))
				clienttest.WantErrorIs(t, upload(protocol.Metadata{"a": "1", "b": "2"}), protocol.ErrForbidden)
				s.On(http.MethodHead, test.head)
				if err := upload(test.now); err != nil {
					t.Fatal(err)
				}
				if warned := strings.Contains(log.String(), "created with other metadata"); warned != test.warn {
					t.Errorf("the log has the warning: %t, want %t", warned, test.warn)
				}
			})
		})
	}
}
