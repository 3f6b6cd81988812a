package client_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
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

// The store has the boundaries and the URL of each part before bytes of the part are sent.
func TestParallelRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		expires := time.Now().Add(time.Hour).UTC()
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize))
		began := time.Now().UTC()
		check := func(r *http.Request) {
			if r.Method == http.MethodOptions {
				clienttest.WantNoRecord(t, &store)
				return
			}
			record := clienttest.OnlyRecord(t, &store)
			want := client.Record{
				Key: record.Key, Revision: record.Revision, Endpoint: "http://tus.example/files/", Source: name, Length: protocol.Known(clienttest.FourPartsSize),
				Created: began, Updated: began, Expires: record.Expires,
			}
			end, urls := int64(0), 0
			for i, p := range record.Parts {
				if p.Start != end || p.Offset != 0 && p.URL == "" {
					t.Errorf("part %d: %+v, want Start %d, and a URL if it has bytes", i+1, p, end)
				}
				end = p.End
				if p.URL == "" {
					continue
				}
				urls++
				if !record.Expires.Equal(expires) {
					t.Errorf("expires %v, want %v", record.Expires, expires)
				}
			}
			want.Offset, want.Parts = record.Offset, record.Parts // some parts may be complete
			want.Uncertain = strings.HasPrefix(r.Header.Get("Upload-Concat"), "final")
			if diff := cmp.Diff(want, record); diff != "" || len(record.Parts) != 4 || end != clienttest.FourPartsSize {
				t.Errorf("record of %d parts to %d (-want +got):\n%s", len(record.Parts), end, diff)
			}
			switch {
			case r.Method == http.MethodPatch && !strings.Contains(strings.Join(clienttest.PartURLs(record), " ")+" ", r.URL.Path+" "):
				t.Errorf("PATCH of %s while the record has %q, want this part in it", r.URL.Path, clienttest.PartURLs(record))
			case strings.HasPrefix(r.Header.Get("Upload-Concat"), "final") && urls != 4:
				t.Errorf("the parts were joined with %d URLs in the record, want 4", urls)
			}
		}
		s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			check(r)
			if r.Method == http.MethodPost {
				fake.With("Upload-Expires", expires.Format(http.TimeFormat))(w, r, next)
				return
			}
			next.ServeHTTP(w, r)
		}})
		res, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{Parallel: 4})
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantRequestCounts(t, s, 0, map[string]int{"OPTIONS": 1, clienttest.PostPartial: 4, "PATCH": 4, clienttest.PostFinal: 1})
		if !res.Expires.Equal(expires) {
			t.Errorf("expires %v, want %v", res.Expires, expires)
		}
		clienttest.WantNoRecord(t, &store)
	})
}

// An upload in parts expires when its first part expires.
func TestParallelExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		began := time.Now()
		expires := func(hours time.Duration) fake.Action {
			return fake.With("Upload-Expires", began.Add(hours*time.Hour).UTC().Format(http.TimeFormat))
		}
		s := fake.New(t, fake.Config{})
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize))
		s.On(http.MethodPost, expires(4), nil, expires(2), expires(3))
		res := clienttest.InterruptParts(t, s, clienttest.PartsConfig(&store, nil), name)
		first := began.Add(2 * time.Hour)
		if r := clienttest.OnlyRecord(t, &store); !r.Expires.Equal(first) || !res.Expires.Equal(first) {
			t.Errorf("the record expires %v, the result %v, want %v", r.Expires, res.Expires, first)
		}

		time.Sleep(3 * time.Hour)
		var log bytes.Buffer
		if _, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, &log)).Upload(t.Context(), clienttest.PathSource(t, name), nil); err != nil {
			t.Fatal(err)
		}
		clienttest.WantLogged(t, &log, slog.LevelWarn, "the upload has expired, as the server said that it would")
	})
}

// A run that gets no answer about the parts does not change the record.
func TestParallelRecordKeptByRunWithoutAnswer(t *testing.T) {
	tests := map[string]struct {
		head fake.Action
		is   error
	}{
		"unauthorized": {fake.Status(401, ""), protocol.ErrUnauthorized},
		"unavailable":  {fake.Status(502, ""), protocol.ErrServer},
		"no answer":    {fake.Lose, retry.ErrExhausted},
		"other length": {fake.With("Upload-Length", "9999999"), client.ErrLengthMismatch},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				name := clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize))
				s.On(http.MethodPatch, nil, clienttest.HangAfter7Bytes(s), clienttest.HangAfter7Bytes(s), clienttest.RefuseAfter7Bytes)
				cfg := clienttest.PartsConfig(&store, nil)
				_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{Parallel: 4})
				clienttest.WantErrorIs(t, err, client.ErrPart)
				before := clienttest.OnlyRecord(t, &store)
				time.Sleep(time.Hour)
				cfg.Recreate = client.RecreateNever
				for range 2 {
					s.On(http.MethodHead, slices.Repeat([]fake.Action{test.head}, 16)...)
					_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
					clienttest.WantErrorIs(t, err, client.ErrPart, test.is)
					clienttest.WantRecord(t, &store, before)
				}
			})
		})
	}
}

// A record whose parts do not fit this upload is not used.
func TestParallelUnfitRecord(t *testing.T) {
	tests := map[string]struct {
		load func(*client.Record)
		is   string // part of the warning
	}{
		"gap":              {func(r *client.Record) { r.Parts[1].Start++ }, "part 1 starts at"},
		"overlap":          {func(r *client.Record) { r.Parts[1].Start-- }, "part 1 starts at"},
		"not from 0":       {func(r *client.Record) { r.Parts = r.Parts[1:] }, "part 0 starts at"},
		"not to the end":   {func(r *client.Record) { r.Parts = r.Parts[:3] }, "belongs to another upload"},
		"beyond the end":   {func(r *client.Record) { r.Parts[3].End++ }, "belongs to another upload"},
		"backwards":        {func(r *client.Record) { r.Parts[0].End, r.Parts[1].Start = -1, -1 }, "part 0 ends at"},
		"offset beyond":    {func(r *client.Record) { r.Parts[0].Offset = 2 << 20 }, "in part 0 of length"},
		"too many":         {func(r *client.Record) { r.Parts = append(make([]client.PartRecord, 100), r.Parts...) }, "belongs to another upload"},
		"over http":        {func(r *client.Record) { r.Parts[2].URL = strings.Replace(r.Parts[2].URL, "https:", "http:", 1) }, "location changes from https to http"},
		"other scheme":     {func(r *client.Record) { r.Parts[2].URL = "ftp://tus.example/1" }, "location changes from https to http"},
		"relative":         {func(r *client.Record) { r.Parts[2].URL = "/files/1" }, "location changes from https to http"},
		"user information": {func(r *client.Record) { r.Parts[2].URL = "https://me:secret@tus.example/1" }, "holds user information"},
		"other endpoint":   {func(r *client.Record) { r.Endpoint += "other" }, "belongs to another upload"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &clienttest.AlteredStore{MemoryStore: new(client.MemoryStore), Alter: func(r *client.Record) error {
					test.load(r)
					return nil
				}}
				s := fake.New(t, fake.Config{})
				name := clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize))
				var log bytes.Buffer
				cfg, tls := clienttest.PartsConfig(store, &log), clienttest.OverTLS(s)
				cfg.Endpoint, cfg.Doer = tls.Endpoint, tls.Doer
				clienttest.InterruptParts(t, s, cfg, name)
				before, already := clienttest.OnlyRecord(t, store), len(s.Seen())
				log.Reset()
				s.On(http.MethodPost, fake.Status(403, ""))
				_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{Parallel: 4})
				clienttest.WantErrorIs(t, err, client.ErrPart, protocol.ErrForbidden)
				if n := clienttest.RequestCounts(s, already); n[clienttest.PostPartial] == 0 || n["HEAD"] > 0 {
					t.Errorf("requests %v, want [clienttest.PostPartial] not 0 and [\"HEAD\"] 0", n)
				}
				line := clienttest.WantLogged(t, &log, slog.LevelWarn, "upload starts over")
				if !strings.Contains(line, test.is) || strings.Contains(line, "secret") {
					t.Errorf("warning %q, want %q", line, test.is)
				}
				if r := clienttest.OnlyRecord(t, store); r.Parts[0].URL == before.Parts[0].URL {
					t.Errorf("record %+v, want another URL of the first part than %s", r, before.Parts[0].URL)
				}
			})
		})
	}
}

// A store that cannot save causes one warning.
func TestParallelStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &clienttest.SpyStore{Store: new(client.MemoryStore), Fail: func(method string) error {
			if method == "save" {
				return errors.New("disk full")
			}
			return nil
		}}
		var log bytes.Buffer
		s := fake.New(t, fake.Config{})
		data := clienttest.Noise(clienttest.FourPartsSize)
		res, err := clienttest.NewClient(t, s, clienttest.PartsConfig(store, &log)).Upload(t.Context(), clienttest.PathSource(t, clienttest.WriteFile(t, data)), &client.UploadOptions{Parallel: 4})
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		clienttest.WantLogged(t, &log, slog.LevelWarn, clienttest.NotResumable)
		if diff := cmp.Diff([]string{"lock", "load", "save", "unlock"}, store.Calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// Many parts need few calls of a slow store, because changes that are made during a call are
// saved together.
func TestParallelPartsAreSavedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &clienttest.SpyStore{Store: new(client.MemoryStore), Fail: func(method string) error {
			if method == "save" {
				time.Sleep(time.Second)
			}
			return nil
		}}
		s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == http.MethodPatch {
				record := clienttest.OnlyRecord(t, store.Store.(*client.MemoryStore))
				if !strings.Contains(strings.Join(clienttest.PartURLs(record), " ")+" ", r.URL.Path+" ") {
					t.Errorf("PATCH of %s while the record has %q, want %q in it", r.URL.Path, clienttest.PartURLs(record), r.URL.Path+" ")
				}
			}
			next.ServeHTTP(w, r)
		}})
		name := clienttest.WriteFile(t, "")
		if err := os.Truncate(name, 16<<20); err != nil {
			t.Fatal(err)
		}
		if _, err := clienttest.NewClient(t, s, clienttest.PartsConfig(store, nil)).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{Parallel: 16}); err != nil {
			t.Fatal(err)
		}
		saves := 0
		for _, call := range store.Calls {
			if call == "save" {
				saves++
			}
		}
		// One is for the boundaries, one for the first part, whose URL is awaited.
		if saves > 6 {
			t.Errorf("calls %q, want at most 6 saves", store.Calls)
		}
	})
}

// A store that saves the boundaries of parts but no URL causes one warning. A later run cannot
// resume, and may send the file in one piece.
func TestParallelStoreFailsLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		saves := 0
		store := &clienttest.SpyStore{Store: new(client.MemoryStore), Fail: func(method string) error {
			if method == "save" {
				if saves++; saves > 1 {
					return errors.New("disk full")
				}
			}
			return nil
		}}
		var log bytes.Buffer
		s := fake.New(t, fake.Config{})
		data := clienttest.Noise(clienttest.FourPartsSize)
		name := clienttest.WriteFile(t, data)
		clienttest.InterruptParts(t, s, clienttest.PartsConfig(store, &log), name)
		if strings.Count(log.String(), "record not updated") != 1 || strings.Contains(log.String(), clienttest.NotResumable) {
			t.Errorf("unexpected log:\n%s", &log)
		}
		already := len(s.Seen())
		store.Fail = nil
		res, err := clienttest.NewClient(t, s, clienttest.PartsConfig(store, nil)).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		clienttest.WantRequestCounts(t, s, already, map[string]int{"POST": 1, "PATCH": 1})
	})
}

// The record has the URL that a permanent redirect of a part led to.
func TestParallelRedirected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == http.MethodHead && r.URL.RawQuery == "" {
				http.Redirect(w, r, r.URL.Path+"?moved", http.StatusPermanentRedirect)
				return
			}
			next.ServeHTTP(w, r)
		}})
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize))
		clienttest.InterruptParts(t, s, clienttest.PartsConfig(&store, nil), name)
		s.On(http.MethodPatch, clienttest.RefuseAfter7Bytes, clienttest.HangAfter7Bytes(s), clienttest.HangAfter7Bytes(s), clienttest.HangAfter7Bytes(s))
		_, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, client.ErrPart)
		moved := 0
		for _, raw := range clienttest.PartURLs(clienttest.OnlyRecord(t, &store)) {
			if u, err := url.Parse(raw); err == nil && u.RawQuery == "moved" {
				moved++
			}
		}
		if moved == 0 {
			t.Errorf("record %+v", clienttest.OnlyRecord(t, &store))
		}
	})
}
