package client_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// A record that does not belong to this upload is not used, and neither is a damaged record. A
// new upload replaces it.
func TestUnfitRecord(t *testing.T) {
	tests := map[string]struct {
		load func(*client.Record) error
		is   string // part of the warning
	}{
		"other endpoint":     {func(r *client.Record) error { r.Endpoint = "https://tus.example/other/"; return nil }, "belongs to another upload"},
		"endpoint over http": {func(r *client.Record) error { r.Endpoint = "http://tus.example/files/"; return nil }, "belongs to another upload"},
		"no endpoint":        {func(r *client.Record) error { r.Endpoint = ""; return nil }, "belongs to another upload"},
		"longer":             {func(r *client.Record) error { r.Length = protocol.Known(clienttest.RecordedSize + 1); return nil }, "belongs to another upload"},
		"shorter":            {func(r *client.Record) error { r.Length = protocol.Known(clienttest.RecordedSize - 1); return nil }, "belongs to another upload"},
		"of unknown length":  {func(r *client.Record) error { r.Length = protocol.Length{}; return nil }, "belongs to another upload"},
		"leaves https": {func(r *client.Record) error {
			r.URL = strings.Replace(r.URL, "https:", "http:", 1)
			return nil
		}, client.ErrInsecureLocation.Error()},
		"no URL":        {func(r *client.Record) error { r.URL = ""; return nil }, "belongs to another upload"},
		"URL of no use": {func(r *client.Record) error { r.URL = "ftp://tus.example/1"; return nil }, "location changes from https to http"},
		"malformed URL": {func(r *client.Record) error { r.URL = "https://[::1"; return nil }, "location changes from https to http"},
		"in parts": {func(r *client.Record) error {
			r.Parts = []client.PartRecord{{End: clienttest.RecordedSize - 1}}
			return nil
		}, "belongs to another upload"},
		"damaged":         {func(*client.Record) error { return client.ErrRecordDamaged }, client.ErrRecordDamaged.Error()},
		"damaged, in all": {func(*client.Record) error { return fmt.Errorf("load: %w", client.ErrRecordDamaged) }, client.ErrRecordDamaged.Error()},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &clienttest.AlteredStore{MemoryStore: new(client.MemoryStore), Alter: test.load}
				s := fake.New(t, fake.Config{})
				data := clienttest.Noise(clienttest.RecordedSize)
				name := clienttest.WriteFile(t, data)
				c := func(log *bytes.Buffer) *client.Client {
					cfg := clienttest.RecordingConfig(store, log)
					tls := clienttest.OverTLS(s)
					cfg.Endpoint, cfg.Doer = tls.Endpoint, tls.Doer
					return clienttest.NewClient(t, s, cfg)
				}
				s.On(http.MethodPatch, fake.Cut(7))
				if _, err := c(nil).Upload(t.Context(), clienttest.PathSource(t, name), nil); err == nil {
					t.Fatal("no error")
				}
				already := len(s.Seen())

				var log bytes.Buffer
				s.On(http.MethodPatch, fake.Cut(8))
				res, err := c(&log).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if err == nil {
					t.Fatal("no error")
				}
				if diff := cmp.Diff([]string{clienttest.Post, "PATCH /files/2 0+8"}, s.Seen()[already:]); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				line := clienttest.WantLogged(t, &log, slog.LevelWarn, "upload starts over")
				if !strings.Contains(line, test.is) {
					t.Errorf("warning %q, want %q", line, test.is)
				}
				if r := clienttest.OnlyRecord(t, store); r.URL != res.URL {
					t.Errorf("record of %s, want %s", r.URL, res.URL)
				}

				// The new upload can be resumed.
				store.Alter = func(*client.Record) error { return nil }
				res, err = c(nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if err != nil {
					t.Fatal(err)
				}
				if res.Resumed != 8 {
					t.Errorf("resumed at %d, want 8", res.Resumed)
				}
				clienttest.WantStored(t, s, res.URL, data)
				clienttest.WantNoRecord(t, store)
			})
		})
	}
}

// A record that cannot be read, such as one of a newer version, is not overwritten.
func TestUnreadableRecord(t *testing.T) {
	tests := map[string]error{
		"of a newer version": fmt.Errorf("load: %w: 2, and this is 1", client.ErrRecordVersion),
		"out of reach":       errors.New("connection refused"),
	}
	for name, broken := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &clienttest.AlteredStore{MemoryStore: new(client.MemoryStore), Alter: func(*client.Record) error { return broken }}
				s := fake.New(t, fake.Config{})
				data := clienttest.Noise(clienttest.RecordedSize)
				name := clienttest.WriteFile(t, data)
				clienttest.InterruptUpload(t, s, store, name)
				before, saved := clienttest.OnlyRecord(t, store), store.Saves

				for _, fault := range []fake.Action{fake.Cut(7), nil} {
					var log bytes.Buffer
					s.On(http.MethodPatch, fault)
					res, err := clienttest.NewRecordingClient(t, s, store, &log).Upload(t.Context(), clienttest.PathSource(t, name), nil)
					if (err == nil) != (fault == nil) {
						t.Errorf("error %v, want success: %t", err, fault == nil)
					}
					if res.Resumed != 0 || res.URL == before.URL {
						t.Errorf("result %+v, want Resumed 0 and URL not %q", res, before.URL)
					}
					if err == nil {
						clienttest.WantStored(t, s, res.URL, data)
					}
					line := clienttest.WantLogged(t, &log, slog.LevelWarn, clienttest.NotResumable)
					if !strings.Contains(line, broken.Error()) {
						t.Errorf("warning %q, want %q in it", line, broken.Error())
					}
				}
				if diff := cmp.Diff(before, clienttest.OnlyRecord(t, store)); diff != "" || store.Saves != saved {
					t.Errorf("saved %d times, record (-before +after):\n%s", store.Saves-saved, diff)
				}
				clienttest.WantUnlocked(t, store, before.Key)
			})
		})
	}
}
