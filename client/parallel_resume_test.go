package client_test

import (
	"bytes"
	"context"
	"errors"
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

// A permanent failure of one part ends the others, and a later run resumes all of them.
func TestParallelPartFails(t *testing.T) {
	for name, again := range map[string]int{"same number": 4, "other number": 2, "more": 7, "unasked": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				data := clienttest.Noise(clienttest.FourPartsSize)
				name := clienttest.WriteFile(t, data)
				began := time.Now()
				failed := clienttest.InterruptParts(t, s, clienttest.PartsConfig(&store, nil), name)
				if took := time.Since(began); took > 2*time.Second {
					t.Errorf("took %v, want at most %v", took, 2*time.Second)
				}
				clienttest.WantRequestCounts(t, s, 0, map[string]int{"OPTIONS": 1, clienttest.PostPartial: 4, "PATCH": 4})
				r := clienttest.OnlyRecord(t, &store)
				var urls []string
				for i, p := range failed.Parts {
					if p == nil || p.URL == "" || p.Length != protocol.Known(r.Parts[i].End-r.Parts[i].Start) {
						t.Fatalf("result of part %d: %+v, want not nil, URL not empty and Length %v", i+1, p, protocol.Known(r.Parts[i].End-r.Parts[i].Start))
					}
					urls = append(urls, p.URL)
				}
				if diff := cmp.Diff(urls, clienttest.PartURLs(r)); diff != "" || failed.URL != "" {
					t.Errorf("URL %q, parts (-result +record):\n%s", failed.URL, diff)
				}
				clienttest.WantUnlocked(t, &store, r.Key)

				already := len(s.Seen())
				var log bytes.Buffer
				var events []client.Event
				res, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, &log)).Upload(t.Context(), clienttest.PathSource(t, name),
					&client.UploadOptions{Parallel: again, OnEvent: clienttest.RecordEvents(&events)})
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				clienttest.WantRequestCounts(t, s, already, map[string]int{"OPTIONS": 1, "HEAD": 4, "PATCH": 4, clienttest.PostFinal: 1})
				if res.Resumed != clienttest.InterruptedBytes || res.Sent != clienttest.FourPartsSize-clienttest.InterruptedBytes || res.Offset != clienttest.FourPartsSize || res.Retries != 0 {
					t.Errorf("result %+v, want Resumed %v, Sent %v, Offset %v and Retries 0", res, clienttest.InterruptedBytes, clienttest.FourPartsSize-clienttest.InterruptedBytes, clienttest.FourPartsSize)
				}
				clienttest.WantPartEvents(t, events)
				var resumed []int64
				for _, e := range events {
					if e.Kind == client.EventResumed {
						resumed = append(resumed, e.Offset)
					}
				}
				// The answers about all parts come first.
				if len(resumed) != 1 || resumed[0] < clienttest.InterruptedBytes {
					t.Errorf("resumed at %v, want %d once", resumed, clienttest.InterruptedBytes)
				}
				clienttest.WantNoRecord(t, &store)
				clienttest.WantNoWarning(t, &log)
			})
		})
	}
}

// The error of the upload is that of the part that failed.
func TestParallelPartError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPatch, fake.Status(500, "ERR_UPLOAD_STOPPED: no\n"))
		_, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, clienttest.Noise(clienttest.FourPartsSize)), &client.UploadOptions{Parallel: 4})
		clienttest.WantErrorIs(t, err, client.ErrPart, protocol.ErrServer)
		if errors.Is(err, context.Canceled) {
			t.Errorf("error %v wraps context.Canceled", err)
		}
		if e := clienttest.ErrorOf(t, err); e.Code != "ERR_UPLOAD_STOPPED" {
			t.Errorf("error %+v, want Code %q", e, "ERR_UPLOAD_STOPPED")
		}
	})
}

// A part that the server no longer has is created again, and the others are resumed.
func TestParallelPartGone(t *testing.T) {
	tests := map[string]struct {
		recreate client.Recreate
		want     map[string]int // of the second run
		is       error
	}{
		"gone":  {client.RecreateGone, map[string]int{"OPTIONS": 1, "HEAD": 4, clienttest.PostPartial: 1, "PATCH": 4, clienttest.PostFinal: 1}, nil},
		"never": {client.RecreateNever, nil, protocol.ErrNotFound},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				data := clienttest.Noise(clienttest.FourPartsSize)
				name := clienttest.WriteFile(t, data)
				clienttest.InterruptParts(t, s, clienttest.PartsConfig(&store, nil), name)
				before := clienttest.OnlyRecord(t, &store)
				cfg := clienttest.PartsConfig(&store, nil)
				cfg.Recreate = test.recreate
				c := clienttest.NewClient(t, s, cfg)
				if _, err := c.Terminate(t.Context(), before.Parts[1].URL, nil); err != nil {
					t.Fatal(err)
				}
				already := len(s.Seen())
				res, err := c.Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if test.is != nil {
					clienttest.WantErrorIs(t, err, test.is, client.ErrPart)
					if diff := cmp.Diff(clienttest.PartURLs(before), clienttest.PartURLs(clienttest.OnlyRecord(t, &store))); diff != "" {
						t.Errorf("parts (-before +after):\n%s", diff)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				clienttest.WantRequestCounts(t, s, already, test.want)
				for i, p := range res.Parts {
					if (p.URL == before.Parts[i].URL) != (i != 1) {
						t.Errorf("part %d: %s after %s, want another URL: %t", i+1, p.URL, before.Parts[i].URL, i == 1)
					}
				}
				clienttest.WantNoRecord(t, &store)
			})
		})
	}
}

func TestParallelCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		data := clienttest.Noise(clienttest.FourPartsSize)
		name := clienttest.WriteFile(t, data)
		ctx, cancel := context.WithCancelCause(t.Context())
		s.On(http.MethodPatch, nil, clienttest.HangAfter7Bytes(s), clienttest.HangAfter7Bytes(s), clienttest.HangAndCancel(s, func() { cancel(clienttest.ErrUnplugged) }))
		var events []client.Event
		res, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(ctx, clienttest.PathSource(t, name), &client.UploadOptions{Parallel: 4, OnEvent: clienttest.RecordEvents(&events)})
		clienttest.WantErrorIs(t, err, clienttest.ErrUnplugged, context.Canceled)
		if errors.Is(err, client.ErrPart) {
			t.Errorf("error %v wraps ErrPart", err)
		}
		clienttest.WantPartEvents(t, events)
		// One part was acknowledged, and seven bytes of two others arrived.
		r := clienttest.OnlyRecord(t, &store)
		if res.Offset < 1<<20+14 || res.Offset > 1<<20+15 || r.Offset != res.Offset || len(res.Parts) != 4 {
			t.Errorf("record at %d, result %+v, want Offset %v, Offset at least %v, Offset at most %v and 4 in Parts", r.Offset, res, res.Offset, 1<<20+14, 1<<20+15)
		}
		for i, p := range res.Parts {
			if p.URL == "" || r.Parts[i].URL != p.URL || r.Parts[i].Offset != p.Offset {
				t.Errorf("part %d: record %+v, result %+v, want Parts[i].URL %q, Parts[i].Offset %v and URL not empty", i+1, r.Parts[i], p, p.URL, p.Offset)
			}
		}
		clienttest.WantUnlocked(t, &store, r.Key)

		res, err = clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		if n := clienttest.RequestCounts(s, 0)[clienttest.PostPartial]; n != 4 {
			t.Errorf("%d parts were created, want 4", n)
		}
	})
}
