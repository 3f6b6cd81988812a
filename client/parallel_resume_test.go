package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// jam keeps seven bytes of the body and never answers.
func jam(s *fake.Server) fake.Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		r.Body = io.NopCloser(io.LimitReader(r.Body, 7))
		next.ServeHTTP(httptest.NewRecorder(), r)
		s.Hang(0)(w, r, next)
	}
}

// refuse keeps seven bytes of the body and answers after a second.
func refuse(w http.ResponseWriter, r *http.Request, next http.Handler) {
	rest := r.Body
	r.Body = io.NopCloser(io.LimitReader(rest, 7))
	next.ServeHTTP(httptest.NewRecorder(), r)
	time.Sleep(time.Second)
	r.Body = rest
	fake.Status(403, "ERR_NO: no\n")(w, r, next)
}

// kept is how many bytes the server has after interruptParts.
const kept = 4 * 7

// interruptParts uploads the file called name in four parts, of which one is
// refused. The server keeps seven bytes of each.
func interruptParts(t *testing.T, s *fake.Server, cfg client.Config, name string) *client.Result {
	t.Helper()
	s.On(http.MethodPatch, jam(s), jam(s), jam(s), refuse)
	res, err := newClient(t, s, cfg).Upload(t.Context(), path(t, name), &client.UploadOptions{Parallel: 4})
	wantIs(t, err, client.ErrPart, protocol.ErrForbidden)
	return res
}

// One part that fails for good ends the others, and whoever comes next goes on
// with all of them.
func TestParallelPartFails(t *testing.T) {
	for name, again := range map[string]int{"same number": 4, "other number": 2, "more": 7, "unasked": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				data := noise(wholeSize)
				name := write(t, data)
				began := time.Now()
				failed := interruptParts(t, s, splitting(&store, nil), name)
				if took := time.Since(began); took > 2*time.Second {
					t.Errorf("took %v", took)
				}
				wantCounts(t, s, 0, map[string]int{"OPTIONS": 1, partial: 4, "PATCH": 4})
				r := onlyRecord(t, &store)
				var urls []string
				for i, p := range failed.Parts {
					if p == nil || p.URL == "" || p.Length != protocol.Known(r.Parts[i].End-r.Parts[i].Start) {
						t.Fatalf("result of part %d: %+v", i+1, p)
					}
					urls = append(urls, p.URL)
				}
				if diff := cmp.Diff(urls, partURLs(r)); diff != "" || failed.URL != "" {
					t.Errorf("URL %q, parts (-result +record):\n%s", failed.URL, diff)
				}
				wantFree(t, &store, r.Key)

				already := len(s.Seen())
				var log bytes.Buffer
				var events []client.Event
				res, err := newClient(t, s, splitting(&store, &log)).Upload(t.Context(), path(t, name),
					&client.UploadOptions{Parallel: again, OnEvent: recordEvents(&events)})
				if err != nil {
					t.Fatal(err)
				}
				wantStored(t, s, res.URL, data)
				wantCounts(t, s, already, map[string]int{"HEAD": 4, "PATCH": 4, final: 1})
				if res.Resumed != kept || res.Sent != wholeSize-kept || res.Offset != wholeSize || res.Retries != 0 {
					t.Errorf("result %+v", res)
				}
				wantWhole(t, events)
				wantNoRecord(t, &store)
				wantNoWarning(t, &log)
			})
		})
	}
}

// The error of an upload that a part has failed is that of the part.
func TestParallelPartError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPatch, fake.Status(500, "ERR_UPLOAD_STOPPED: no\n"))
		_, err := newClient(t, s, client.Config{}).Upload(t.Context(), text(t, noise(wholeSize)), &client.UploadOptions{Parallel: 4})
		wantIs(t, err, client.ErrPart, protocol.ErrServer)
		if errors.Is(err, context.Canceled) {
			t.Errorf("error %v is a cancellation", err)
		}
		if e := facts(t, err); e.Code != "ERR_UPLOAD_STOPPED" {
			t.Errorf("error %+v", e)
		}
	})
}

// A part that the server no longer has is made anew, the others stay.
func TestParallelPartGone(t *testing.T) {
	tests := map[string]struct {
		recreate client.Recreate
		want     map[string]int // of the second run
		is       error
	}{
		"anew":  {client.RecreateGone, map[string]int{"HEAD": 4, partial: 1, "PATCH": 4, final: 1}, nil},
		"never": {client.RecreateNever, nil, protocol.ErrNotFound},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				data := noise(wholeSize)
				name := write(t, data)
				interruptParts(t, s, splitting(&store, nil), name)
				before := onlyRecord(t, &store)
				cfg := splitting(&store, nil)
				cfg.Recreate = test.recreate
				c := newClient(t, s, cfg)
				if _, err := c.Terminate(t.Context(), before.Parts[1].URL, nil); err != nil {
					t.Fatal(err)
				}
				already := len(s.Seen())
				res, err := c.Upload(t.Context(), path(t, name), nil)
				if test.is != nil {
					wantIs(t, err, test.is, client.ErrPart)
					if diff := cmp.Diff(partURLs(before), partURLs(onlyRecord(t, &store))); diff != "" {
						t.Errorf("parts (-before +after):\n%s", diff)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				wantStored(t, s, res.URL, data)
				wantCounts(t, s, already, test.want)
				for i, p := range res.Parts {
					if (p.URL == before.Parts[i].URL) != (i != 1) {
						t.Errorf("part %d: %s after %s", i+1, p.URL, before.Parts[i].URL)
					}
				}
				wantNoRecord(t, &store)
			})
		})
	}
}

func TestParallelCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		data := noise(wholeSize)
		name := write(t, data)
		ctx, cancel := context.WithCancelCause(t.Context())
		s.On(http.MethodPatch, nil, jam(s), jam(s), hang(s, func() { cancel(errPulled) }))
		var events []client.Event
		res, err := newClient(t, s, splitting(&store, nil)).Upload(ctx, path(t, name), &client.UploadOptions{Parallel: 4, OnEvent: recordEvents(&events)})
		wantIs(t, err, errPulled, context.Canceled)
		if errors.Is(err, client.ErrPart) {
			t.Errorf("error %v blames a part", err)
		}
		wantWhole(t, events)
		// One part was acknowledged.
		r := onlyRecord(t, &store)
		if res.Offset < 1<<20 || res.Offset > 1<<20+1 || r.Offset != res.Offset || len(res.Parts) != 4 {
			t.Errorf("record at %d, result %+v", r.Offset, res)
		}
		for i, p := range res.Parts {
			if p.URL == "" || r.Parts[i].URL != p.URL || r.Parts[i].Offset != p.Offset {
				t.Errorf("part %d: record %+v, result %+v", i+1, r.Parts[i], p)
			}
		}
		wantFree(t, &store, r.Key)

		res, err = newClient(t, s, splitting(&store, nil)).Upload(t.Context(), path(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, res.URL, data)
		if n := counts(s, 0)[partial]; n != 4 {
			t.Errorf("%d parts made", n)
		}
	})
}
