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
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// Whatever ends an upload but success, and a file that is not the same any
// more, leaves a record that says how far it got.
func TestRecordIsKept(t *testing.T) {
	errStop := errors.New("enough")
	tests := map[string]struct {
		patch, head []fake.Action
		retry       retry.Policy
		is          error
		offset      int64
	}{
		"exhausted":     {patch: []fake.Action{nil, fake.Cut(7)}, retry: retry.Never, is: retry.ErrExhausted, offset: half},
		"from the HEAD": {patch: []fake.Action{nil, fake.Cut(7), fake.Cut(0), fake.Cut(0)}, retry: retry.Delays(0), is: retry.ErrExhausted, offset: half + 7},
		"nothing sent":  {patch: []fake.Action{fake.Cut(0)}, retry: retry.Never, is: retry.ErrExhausted},
		"unauthorized":  {patch: []fake.Action{nil, fake.Status(401, "")}, is: protocol.ErrUnauthorized, offset: half},
		"forbidden":     {patch: []fake.Action{nil, fake.Status(403, "")}, is: protocol.ErrForbidden, offset: half},
		"final":         {patch: []fake.Action{nil, fake.Status(500, "ERR_UPLOAD_STOPPED: no\n")}, is: protocol.ErrServer, offset: half},
		"gone":          {patch: []fake.Action{nil, fake.Status(404, "")}, is: protocol.ErrNotFound, offset: half},
		"uncertain": {
			patch: []fake.Action{nil, nil, fake.Lose}, head: []fake.Action{fake.Status(404, "")},
			is: client.ErrUncertain, offset: 2 * half,
		},
		"claims too much": {
			patch: []fake.Action{nil, fake.Cut(7)}, head: []fake.Action{fake.With("Upload-Offset", "1048577")},
			is: client.ErrIntegrity, offset: half,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPatch, test.patch...)
				s.On(http.MethodHead, test.head...)
				cfg := recording(&store, nil)
				cfg.Retry = test.retry
				res, err := newClient(t, s, cfg).Upload(t.Context(), path(t, write(t, noise(smallest))), nil)
				wantIs(t, err, test.is)
				r := onlyRecord(t, &store)
				if r.URL != res.URL || r.Offset != test.offset || res.Offset != test.offset {
					t.Errorf("record of %s at %d, result %s at %d, want %d", r.URL, r.Offset, res.URL, res.Offset, test.offset)
				}
				wantFree(t, &store, r.Key)
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
			res, err := recorder(t, s, &store, nil).Upload(ctx, path(t, write(t, noise(smallest))), nil)
			wantIs(t, err, errStop, context.Canceled)
			r := onlyRecord(t, &store)
			if r.URL != res.URL || r.Offset != half {
				t.Errorf("record %+v", r)
			}
			if !r.Created.Equal(began) || !r.Updated.Equal(began.Add(time.Second)) {
				t.Errorf("created %v, updated %v, of an upload from %v on", r.Created, r.Updated, began)
			}
			wantFree(t, &store, r.Key)
		})
	})
	t.Run("cancelled before", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var store client.MemoryStore
			s := fake.New(t, fake.Config{})
			name := write(t, noise(smallest))
			interrupt(t, s, &store, name)
			before := onlyRecord(t, &store)
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(errStop)
			_, err := recorder(t, s, &store, nil).Upload(ctx, path(t, name), nil)
			wantIs(t, err, errStop)
			wantRecordAsBefore(t, &store, before)
			wantSeen(t, s, post, patch1, "PATCH /files/1 524288+7")
		})
	})
}

// A run that learns nothing takes nothing away from what the record says.
func TestRecordOutlivesRuns(t *testing.T) {
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
				data := noise(smallest)
				name := write(t, data)
				url := interrupt(t, s, &store, name).URL
				before := onlyRecord(t, &store)
				for range 3 {
					s.On(http.MethodHead, test.head)
					res, err := recorder(t, s, &store, nil).Upload(t.Context(), path(t, name), nil)
					wantIs(t, err, test.is)
					if res.URL != url {
						t.Errorf("result has URL %q, want %q", res.URL, url)
					}
					wantRecordAsBefore(t, &store, before)
				}
				res, err := recorder(t, s, &store, nil).Upload(t.Context(), path(t, name), nil)
				if err != nil {
					t.Fatal(err)
				}
				if res.URL != url || res.Resumed != half+7 {
					t.Errorf("resumed %s at %d", res.URL, res.Resumed)
				}
				wantStored(t, s, url, data)
				wantNoRecord(t, &store)
			})
		})
	}
}

// There is nothing to go on with where the file has changed.
func TestRecordOfChangedFileIsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		name := write(t, noise(smallest))
		s.On(http.MethodPatch, nil, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			onlyRecord(t, &store)
			if err := os.Truncate(name, smallest-1); err != nil {
				t.Error(err)
			}
			next.ServeHTTP(w, r)
		})
		_, err := recorder(t, s, &store, nil).Upload(t.Context(), path(t, name), nil)
		wantIs(t, err, client.ErrSourceChanged)
		wantNoRecord(t, &store)
	})
}

// All bytes were sent and the upload is gone: no later run sends them again
// unless it is told to.
func TestUncertainIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		data := noise(smallest)
		name := write(t, data)
		gone := fake.Status(404, "")
		s.On(http.MethodPatch, nil, nil, fake.Lose)
		s.On(http.MethodHead, gone, gone, fake.Status(401, ""), gone)
		want := []string{post, patch1, patch2, patch3}
		for _, is := range []error{client.ErrUncertain, client.ErrUncertain, protocol.ErrUnauthorized, client.ErrUncertain} {
			cfg := recording(&store, nil)
			cfg.Retry = nil
			_, err := newClient(t, s, cfg).Upload(t.Context(), path(t, name), nil)
			wantIs(t, err, is)
			if r := onlyRecord(t, &store); !r.Uncertain || r.Offset != 2*half {
				t.Errorf("record %+v", r)
			}
			want = append(want, head)
			wantSeen(t, s, want...)
		}
		cfg := recording(&store, nil)
		cfg.Recreate = client.RecreateAlways
		res, err := newClient(t, s, cfg).Upload(t.Context(), path(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, res.URL, data)
		wantNoRecord(t, &store)
	})
	t.Run("and found to be there", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var store client.MemoryStore
			s := fake.New(t, fake.Config{})
			data := noise(smallest)
			name := write(t, data)
			s.On(http.MethodPatch, nil, nil, fake.Lose)
			s.On(http.MethodHead, fake.Status(404, ""))
			cfg := recording(&store, nil)
			cfg.Retry = nil
			_, err := newClient(t, s, cfg).Upload(t.Context(), path(t, name), nil)
			wantIs(t, err, client.ErrUncertain)
			res, err := newClient(t, s, cfg).Upload(t.Context(), path(t, name), nil)
			if err != nil {
				t.Fatal(err)
			}
			if res.Sent != 0 || res.Resumed != smallest {
				t.Errorf("result %+v", res)
			}
			wantStored(t, s, res.URL, data)
			wantNoRecord(t, &store)
		})
	})
}
