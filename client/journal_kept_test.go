package client_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// Every end of an upload leaves a record with its offset, except success and a change of the
// file.
func TestRecordIsKept(t *testing.T) {
	errStop := errors.New("enough")
	tests := map[string]struct {
		patch, head []fake.Action
		retry       retry.Policy
		is          error
		offset      int64
	}{
		"exhausted":     {patch: []fake.Action{nil, fake.Cut(7)}, retry: retry.Never, is: retry.ErrExhausted, offset: clienttest.ChunkSize},
		"from the HEAD": {patch: []fake.Action{nil, fake.Cut(7), fake.Cut(0), fake.Cut(0)}, retry: retry.Delays(0), is: retry.ErrExhausted, offset: clienttest.ChunkSize + 7},
		"nothing sent":  {patch: []fake.Action{fake.Cut(0)}, retry: retry.Never, is: retry.ErrExhausted},
		"unauthorized":  {patch: []fake.Action{nil, fake.Status(401, "")}, is: protocol.ErrUnauthorized, offset: clienttest.ChunkSize},
		"forbidden":     {patch: []fake.Action{nil, fake.Status(403, "")}, is: protocol.ErrForbidden, offset: clienttest.ChunkSize},
		"final":         {patch: []fake.Action{nil, fake.Status(500, "ERR_UPLOAD_STOPPED: no\n")}, is: protocol.ErrServer, offset: clienttest.ChunkSize},
		"gone": {
			patch: []fake.Action{nil, fake.Status(410, "")},
			is:    protocol.ErrGone, offset: clienttest.ChunkSize,
		},
		"uncertain": {
			patch: []fake.Action{nil, nil, fake.Lose}, head: []fake.Action{fake.Status(404, "")},
			is: client.ErrUncertain, offset: 2 * clienttest.ChunkSize,
		},
		"claims too much": {
			patch: []fake.Action{nil, fake.Cut(7)}, head: []fake.Action{fake.With("Upload-Offset", "1048577")},
			is: client.ErrIntegrity, offset: clienttest.ChunkSize,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPatch, test.patch...)
				s.On(http.MethodHead, test.head...)
				cfg := clienttest.RecordingConfig(&store, nil)
				cfg.Retry = test.retry
				res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))), nil)
				clienttest.WantErrorIs(t, err, test.is)
				r := clienttest.OnlyRecord(t, &store)
				if r.URL != res.URL || r.Offset != test.offset || res.Offset != test.offset {
					t.Errorf("record of %s at %d, result %s at %d, want %d", r.URL, r.Offset, res.URL, res.Offset, test.offset)
				}
				clienttest.WantUnlocked(t, &store, r.Key)
			})
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var store client.MemoryStore
			s := fake.New(t, fake.Config{})
			ctx, cancel := context.WithCancelCause(t.Context())
			began := time.Now().UTC()
			s.On(http.MethodPatch, nil, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				time.Sleep(time.Second)
				cancel(errStop)
				s.Hang(0)(w, r, next)
			})
			res, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(ctx, clienttest.PathSource(t, clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))), nil)
			clienttest.WantErrorIs(t, err, errStop, context.Canceled)
			r := clienttest.OnlyRecord(t, &store)
			if r.URL != res.URL || r.Offset != clienttest.ChunkSize {
				t.Errorf("record %+v, want URL %q and Offset %v", r, res.URL, clienttest.ChunkSize)
			}
			if !r.Created.Equal(began) || !r.Updated.Equal(began.Add(time.Second+20*time.Millisecond)) {
				t.Errorf("created %v, updated %v, the upload began at %v, want Created %v and Updated %v", r.Created, r.Updated, began, began, began.Add(time.Second+20*time.Millisecond))
			}
			clienttest.WantUnlocked(t, &store, r.Key)
		})
	})
	t.Run("cancelled before", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var store client.MemoryStore
			s := fake.New(t, fake.Config{})
			name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
			clienttest.InterruptUpload(t, s, &store, name)
			before := clienttest.OnlyRecord(t, &store)
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(errStop)
			_, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(ctx, clienttest.PathSource(t, name), nil)
			clienttest.WantErrorIs(t, err, errStop)
			clienttest.WantRecord(t, &store, before)
			clienttest.WantRequests(t, s, clienttest.Post, clienttest.Patch1, "PATCH /files/1 524288+7")
		})
	})
}

// A run that gets no answer about the upload does not change the record.
func TestRecordKeptByRunWithoutAnswer(t *testing.T) {
	tests := map[string]struct {
		head fake.Action
		is   error
	}{
		"unauthorized": {fake.Status(401, ""), protocol.ErrUnauthorized},
		"unavailable":  {fake.Status(502, ""), protocol.ErrServer},
		"no answer":    {fake.Lose, retry.ErrExhausted},
		"no offset":    {fake.With("Upload-Offset", ""), protocol.ErrMissingHeader},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				data := clienttest.Noise(clienttest.RecordedSize)
				name := clienttest.WriteFile(t, data)
				url := clienttest.InterruptUpload(t, s, &store, name).URL
				before := clienttest.OnlyRecord(t, &store)
				for range 3 {
					s.On(http.MethodHead, test.head)
					res, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
					clienttest.WantErrorIs(t, err, test.is)
					if res.URL != url {
						t.Errorf("result has URL %q, want %q", res.URL, url)
					}
					clienttest.WantRecord(t, &store, before)
				}
				res, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if err != nil {
					t.Fatal(err)
				}
				if res.URL != url || res.Resumed != clienttest.ChunkSize+7 {
					t.Errorf("the upload %s was resumed at %d, want URL %q and Resumed %v", res.URL, res.Resumed, url, clienttest.ChunkSize+7)
				}
				clienttest.WantStored(t, s, url, data)
				clienttest.WantNoRecord(t, &store)
			})
		})
	}
}

// The record is removed if the file has changed.
func TestRecordOfChangedFileIsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
		s.On(http.MethodPatch, nil, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			clienttest.OnlyRecord(t, &store)
			if err := os.Truncate(name, clienttest.RecordedSize-1); err != nil {
				t.Error(err)
			}
			next.ServeHTTP(w, r)
		})
		_, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, client.ErrSourceChanged)
		clienttest.WantNoRecord(t, &store)
	})
}

// After ErrUncertain, later runs fail with ErrUncertain and send nothing, unless Recreate
// allows it.
func TestUncertainIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		data := clienttest.Noise(clienttest.RecordedSize)
		name := clienttest.WriteFile(t, data)
		gone := fake.Status(404, "")
		s.On(http.MethodPatch, nil, nil, fake.Lose)
		s.On(http.MethodHead, gone, gone, fake.Status(401, ""), gone)
		want := []string{clienttest.Post, clienttest.Patch1, clienttest.Patch2, clienttest.Patch3}
		for _, is := range []error{client.ErrUncertain, client.ErrUncertain, protocol.ErrUnauthorized, client.ErrUncertain} {
			cfg := clienttest.RecordingConfig(&store, nil)
			cfg.Retry = nil
			_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
			clienttest.WantErrorIs(t, err, is)
			if r := clienttest.OnlyRecord(t, &store); !r.Uncertain || r.Offset != 2*clienttest.ChunkSize {
				t.Errorf("record %+v, want Uncertain true and Offset %v", r, 2*clienttest.ChunkSize)
			}
			want = append(want, clienttest.Head)
			clienttest.WantRequests(t, s, want...)
		}
		cfg := clienttest.RecordingConfig(&store, nil)
		cfg.Recreate = client.RecreateAlways
		res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		clienttest.WantNoRecord(t, &store)
	})
	t.Run("the upload exists", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var store client.MemoryStore
			s := fake.New(t, fake.Config{})
			data := clienttest.Noise(clienttest.RecordedSize)
			name := clienttest.WriteFile(t, data)
			s.On(http.MethodPatch, nil, nil, fake.Lose)
			s.On(http.MethodHead, fake.Status(404, ""))
			cfg := clienttest.RecordingConfig(&store, nil)
			cfg.Retry = nil
			_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
			clienttest.WantErrorIs(t, err, client.ErrUncertain)
			res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
			if err != nil {
				t.Fatal(err)
			}
			if res.Sent != 0 || res.Resumed != clienttest.RecordedSize {
				t.Errorf("result %+v, want Sent 0 and Resumed %v", res, clienttest.RecordedSize)
			}
			clienttest.WantStored(t, s, res.URL, data)
			clienttest.WantNoRecord(t, &store)
		})
	})
}
