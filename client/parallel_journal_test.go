package client_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// What is needed to go on is in the store before it is needed.
func TestParallelRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		expires := time.Now().Add(time.Hour).UTC()
		name := write(t, noise(wholeSize))
		began := time.Now().UTC()
		check := func(r *http.Request) {
			if r.Method == http.MethodOptions {
				wantNoRecord(t, &store)
				return
			}
			record := onlyRecord(t, &store)
			want := client.Record{
				Key: record.Key, Endpoint: "http://tus.example/files/", Source: name, Length: protocol.Known(wholeSize),
				Created: began, Updated: began, Expires: record.Expires,
			}
			end, urls := int64(0), 0
			for i, p := range record.Parts {
				if p.Start != end || p.Offset != 0 && p.URL == "" {
					t.Errorf("part %d: %+v", i+1, p)
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
			want.Offset, want.Parts = record.Offset, record.Parts // some may be done
			want.Uncertain = strings.HasPrefix(r.Header.Get("Upload-Concat"), "final")
			if diff := cmp.Diff(want, record); diff != "" || len(record.Parts) != 4 || end != wholeSize {
				t.Errorf("record of %d parts to %d (-want +got):\n%s", len(record.Parts), end, diff)
			}
			switch {
			case r.Method == http.MethodPatch && !strings.Contains(strings.Join(partURLs(record), " ")+" ", r.URL.Path+" "):
				t.Errorf("PATCH %s, the record has %q", r.URL.Path, partURLs(record))
			case strings.HasPrefix(r.Header.Get("Upload-Concat"), "final") && urls != 4:
				t.Errorf("joined with %d URLs in the record", urls)
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
		res, err := newClient(t, s, splitting(&store, nil)).Upload(t.Context(), path(t, name), &client.UploadOptions{Parallel: 4})
		if err != nil {
			t.Fatal(err)
		}
		wantCounts(t, s, 0, map[string]int{"OPTIONS": 1, partial: 4, "PATCH": 4, final: 1})
		if !res.Expires.Equal(expires) {
			t.Errorf("expires %v, want %v", res.Expires, expires)
		}
		wantNoRecord(t, &store)
	})
}

func partURLs(r client.Record) []string {
	var urls []string
	for _, p := range r.Parts {
		urls = append(urls, p.URL)
	}
	return urls
}

// An upload lives as long as the part that is forgotten first.
func TestParallelExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		began := time.Now()
		expires := func(hours time.Duration) fake.Action {
			return fake.With("Upload-Expires", began.Add(hours*time.Hour).UTC().Format(http.TimeFormat))
		}
		s := fake.New(t, fake.Config{})
		name := write(t, noise(wholeSize))
		s.On(http.MethodPost, expires(4), nil, expires(2), expires(3))
		res := interruptParts(t, s, splitting(&store, nil), name)
		first := began.Add(2 * time.Hour)
		if r := onlyRecord(t, &store); !r.Expires.Equal(first) || !res.Expires.Equal(first) {
			t.Errorf("the record expires %v, the result %v, want %v", r.Expires, res.Expires, first)
		}

		time.Sleep(3 * time.Hour)
		var log bytes.Buffer
		if _, err := newClient(t, s, splitting(&store, &log)).Upload(t.Context(), path(t, name), nil); err != nil {
			t.Fatal(err)
		}
		wantLogged(t, &log, slog.LevelWarn, "upload has expired by the server's own account")
	})
}

// A run that learns nothing takes nothing away from what the record says.
func TestParallelRecordOutlivesRuns(t *testing.T) {
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
				name := write(t, noise(wholeSize))
				s.On(http.MethodPatch, nil, jam(s), jam(s), refuse)
				cfg := splitting(&store, nil)
				_, err := newClient(t, s, cfg).Upload(t.Context(), path(t, name), &client.UploadOptions{Parallel: 4})
				wantIs(t, err, client.ErrPart)
				before := onlyRecord(t, &store)
				time.Sleep(time.Hour)
				cfg.Recreate = client.RecreateNever
				for range 2 {
					s.On(http.MethodHead, test.head, test.head, test.head, test.head)
					_, err := newClient(t, s, cfg).Upload(t.Context(), path(t, name), nil)
					wantIs(t, err, client.ErrPart, test.is)
					wantRecordAsBefore(t, &store, before)
				}
			})
		})
	}
}

// Records that are not of this upload, or of none that can be, are not used.
func TestParallelUnfitRecord(t *testing.T) {
	tests := map[string]struct {
		load func(*client.Record)
		is   string // part of the warning
	}{
		"gap":              {func(r *client.Record) { r.Parts[1].Start++ }, "part 1 starts at"},
		"overlap":          {func(r *client.Record) { r.Parts[1].Start-- }, "part 1 starts at"},
		"not from 0":       {func(r *client.Record) { r.Parts = r.Parts[1:] }, "part 0 starts at"},
		"not to the end":   {func(r *client.Record) { r.Parts = r.Parts[:3] }, "not of this upload"},
		"beyond the end":   {func(r *client.Record) { r.Parts[3].End++ }, "not of this upload"},
		"backwards":        {func(r *client.Record) { r.Parts[0].End, r.Parts[1].Start = -1, -1 }, "part 0 ends at"},
		"offset beyond":    {func(r *client.Record) { r.Parts[0].Offset = 2 << 20 }, "in part 0 of length"},
		"too many":         {func(r *client.Record) { r.Parts = append(make([]client.PartRecord, 100), r.Parts...) }, "not of this upload"},
		"over http":        {func(r *client.Record) { r.Parts[2].URL = strings.Replace(r.Parts[2].URL, "https:", "http:", 1) }, "location leaves https"},
		"other scheme":     {func(r *client.Record) { r.Parts[2].URL = "ftp://tus.example/1" }, "location leaves https"},
		"relative":         {func(r *client.Record) { r.Parts[2].URL = "/files/1" }, "location leaves https"},
		"user information": {func(r *client.Record) { r.Parts[2].URL = "https://me:secret@tus.example/1" }, "holds user information"},
		"other endpoint":   {func(r *client.Record) { r.Endpoint += "other" }, "not of this upload"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &alteredStore{MemoryStore: new(client.MemoryStore), load: func(r *client.Record) error {
					test.load(r)
					return nil
				}}
				s := fake.New(t, fake.Config{})
				name := write(t, noise(wholeSize))
				var log bytes.Buffer
				cfg, tls := splitting(store, &log), overTLS(s)
				cfg.Endpoint, cfg.Doer = tls.Endpoint, tls.Doer
				interruptParts(t, s, cfg, name)
				before, already := onlyRecord(t, store), len(s.Seen())
				log.Reset()
				s.On(http.MethodPost, fake.Status(403, ""))
				_, err := newClient(t, s, cfg).Upload(t.Context(), path(t, name), &client.UploadOptions{Parallel: 4})
				wantIs(t, err, client.ErrPart, protocol.ErrForbidden)
				if n := counts(s, already); n[partial] == 0 || n["HEAD"] > 0 {
					t.Errorf("requests %v", n)
				}
				line := wantLogged(t, &log, slog.LevelWarn, "upload starts over")
				if !strings.Contains(line, test.is) || strings.Contains(line, "secret") {
					t.Errorf("warning %q, want %q", line, test.is)
				}
				if r := onlyRecord(t, store); r.Parts[0].URL == before.Parts[0].URL {
					t.Errorf("record %+v", r)
				}
			})
		})
	}
}

// A store that takes nothing is a warning, once.
func TestParallelStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &spyStore{Store: new(client.MemoryStore), fail: func(method string) error {
			if method == "save" {
				return errors.New("disk full")
			}
			return nil
		}}
		var log bytes.Buffer
		s := fake.New(t, fake.Config{})
		data := noise(wholeSize)
		res, err := newClient(t, s, splitting(store, &log)).Upload(t.Context(), path(t, write(t, data)), &client.UploadOptions{Parallel: 4})
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, res.URL, data)
		wantLogged(t, &log, slog.LevelWarn, notResumable)
		if diff := cmp.Diff([]string{"lock", "load", "load", "save", "unlock"}, store.calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// Many parts cost a slow store no more than two, and the joining one: those that are made while it is
// at work wait for one another.
func TestParallelPartsAreSavedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &spyStore{Store: new(client.MemoryStore), fail: func(method string) error {
			if method == "save" {
				time.Sleep(time.Second)
			}
			return nil
		}}
		s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == http.MethodPatch {
				record := onlyRecord(t, store.Store.(*client.MemoryStore))
				if !strings.Contains(strings.Join(partURLs(record), " ")+" ", r.URL.Path+" ") {
					t.Errorf("PATCH %s, the record has %q", r.URL.Path, partURLs(record))
				}
			}
			next.ServeHTTP(w, r)
		}})
		name := write(t, "")
		if err := os.Truncate(name, 16<<20); err != nil {
			t.Fatal(err)
		}
		if _, err := newClient(t, s, splitting(store, nil)).Upload(t.Context(), path(t, name), &client.UploadOptions{Parallel: 16}); err != nil {
			t.Fatal(err)
		}
		saves := 0
		for _, call := range store.calls {
			if call == "save" {
				saves++
			}
		}
		if saves > 4 {
			t.Errorf("calls %q", store.calls)
		}
	})
}

// A store that takes the boundaries but no URL is a warning. A later run has
// nothing to go on with, and is free to send in one piece.
func TestParallelStoreFailsLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		saves := 0
		store := &spyStore{Store: new(client.MemoryStore), fail: func(method string) error {
			if method == "save" {
				if saves++; saves > 1 {
					return errors.New("disk full")
				}
			}
			return nil
		}}
		var log bytes.Buffer
		s := fake.New(t, fake.Config{})
		data := noise(wholeSize)
		name := write(t, data)
		interruptParts(t, s, splitting(store, &log), name)
		if !strings.Contains(log.String(), "record not updated") || strings.Contains(log.String(), notResumable) {
			t.Errorf("logged:\n%s", &log)
		}
		already := len(s.Seen())
		store.fail = nil
		res, err := newClient(t, s, splitting(store, nil)).Upload(t.Context(), path(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, res.URL, data)
		wantCounts(t, s, already, map[string]int{"POST": 1, "PATCH": 1})
	})
}

// A part is found again where it has moved to.
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
		name := write(t, noise(wholeSize))
		interruptParts(t, s, splitting(&store, nil), name)
		s.On(http.MethodPatch, refuse, jam(s), jam(s), jam(s))
		_, err := newClient(t, s, splitting(&store, nil)).Upload(t.Context(), path(t, name), nil)
		wantIs(t, err, client.ErrPart)
		moved := 0
		for _, raw := range partURLs(onlyRecord(t, &store)) {
			if u, err := url.Parse(raw); err == nil && u.RawQuery == "moved" {
				moved++
			}
		}
		if moved == 0 {
			t.Errorf("record %+v", onlyRecord(t, &store))
		}
	})
}
