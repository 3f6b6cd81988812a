package client_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// restarts returns the errors of the EventRestarted in events.
func restarts(events []client.Event) []error {
	var reasons []error
	for _, e := range events {
		if e.Kind == client.EventRestarted {
			reasons = append(reasons, e.Err)
		}
	}
	return reasons
}

// If an upload starts over although there is a record, one event and one line of the log say
// why.
func TestRestartReason(t *testing.T) {
	modified := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	fileStore := func(t *testing.T) client.Store {
		t.Helper()
		store, err := filestore.New(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	memoryStore := func(*testing.T) client.Store { return new(client.MemoryStore) }
	type run struct {
		cfg  client.Config
		name string
	}
	tests := map[string]struct {
		store  func(*testing.T) client.Store
		change func(t *testing.T, s *fake.Server, r *run)
		says   string // in the log; "": no line
		is     error
	}{
		"nothing changed": {memoryStore, func(*testing.T, *fake.Server, *run) {}, "", nil},
		"longer": {memoryStore, func(t *testing.T, _ *fake.Server, r *run) {
			t.Helper()
			rewrite(t, r.name, clienttest.Noise(clienttest.RecordedSize+2))
		}, "(size 1048577 → 1048579)", client.ErrSourceChanged},
		"longer, in a folder": {fileStore, func(t *testing.T, _ *fake.Server, r *run) {
			t.Helper()
			rewrite(t, r.name, clienttest.Noise(clienttest.RecordedSize+2))
		}, "(size 1048577 → 1048579)", client.ErrSourceChanged},
		"modified": {memoryStore, func(t *testing.T, _ *fake.Server, r *run) {
			t.Helper()
			clienttest.SetModified(t, r.name, modified.Add(time.Second))
		}, "it has changed since ", client.ErrSourceChanged},
		"replaced": {fileStore, func(t *testing.T, _ *fake.Server, r *run) {
			t.Helper()
			replace(t, r.name, flipped(clienttest.Noise(clienttest.RecordedSize), 0), modified)
		}, "it has changed since ", client.ErrSourceChanged},
		"another account": {fileStore, func(_ *testing.T, _ *fake.Server, r *run) {
			r.cfg.Account = "somebody"
		}, "another account", nil},
		"another server": {memoryStore, func(_ *testing.T, _ *fake.Server, r *run) {
			r.cfg.Endpoint = "http://tus.example/other/"
		}, "", nil},
		"gone": {memoryStore, func(_ *testing.T, s *fake.Server, _ *run) {
			s.On(http.MethodHead, fake.Status(404, ""))
		}, "404", protocol.ErrNotFound},
		"always": {memoryStore, func(_ *testing.T, _ *fake.Server, r *run) {
			r.cfg.Recreate = client.RecreateAlways
		}, "", nil},
		"damaged": {fileStore, func(t *testing.T, _ *fake.Server, r *run) {
			t.Helper()
			damageRecord(t, r.cfg.Store.(*filestore.Store), "{")
		}, "record", client.ErrRecordDamaged},
		"of a newer version": {fileStore, func(t *testing.T, _ *fake.Server, r *run) {
			t.Helper()
			damageRecord(t, r.cfg.Store.(*filestore.Store), `{"version":3}`)
		}, "record", client.ErrRecordVersion},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := test.store(t)
				s := fake.New(t, fake.Config{})
				name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
				clienttest.SetModified(t, name, modified)
				clienttest.InterruptUpload(t, s, store, name)
				var log bytes.Buffer
				r := run{clienttest.RecordingConfig(store, &log), name}
				test.change(t, s, &r)
				var events []client.Event
				_, err := clienttest.NewClient(t, s, r.cfg).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
				if err != nil && r.cfg.Endpoint == "" {
					t.Fatal(err)
				}
				reasons := restarts(events)
				if test.says == "" {
					if len(reasons) > 0 || strings.Contains(log.String(), "starts over") {
						t.Errorf("restarts %v, log %s, want none and no %q in it", reasons, &log, "starts over")
					}
					return
				}
				if len(reasons) != 1 || !strings.Contains(reasons[0].Error(), test.says) {
					t.Fatalf("restarts %v, want one with %q", reasons, test.says)
				}
				if test.is != nil && !errors.Is(reasons[0], test.is) {
					t.Errorf("reason %v does not wrap %v", reasons[0], test.is)
				}
				if line := clienttest.WantLogged(t, &log, slog.LevelWarn, "upload starts over"); !strings.Contains(line, name) {
					t.Errorf("log %q does not name the file", line)
				}
			})
		})
	}
}

// damageRecord replaces the only record of a folder.
func damageRecord(t *testing.T, store *filestore.Store, text string) {
	t.Helper()
	name := filepath.Join(store.Dir(), clienttest.OnlyRecord(t, store).Key+".json")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// If the store cannot find records by the end of their keys, the upload succeeds, and only the
// reason is missing.
func TestRestartWithoutReason(t *testing.T) {
	for name, wrap := range map[string]func(*client.MemoryStore) client.Store{
		"no SuffixLister": func(s *client.MemoryStore) client.Store { return struct{ client.Store }{s} },
		"failing":         func(s *client.MemoryStore) client.Store { return failingSuffix{s} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var memory client.MemoryStore
				s := fake.New(t, fake.Config{})
				name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
				clienttest.InterruptUpload(t, s, &memory, name)
				rewrite(t, name, clienttest.Noise(clienttest.RecordedSize+2))
				var events []client.Event
				res, err := clienttest.NewRecordingClient(t, s, wrap(&memory), nil).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, clienttest.Noise(clienttest.RecordedSize+2))
				if reasons := restarts(events); len(reasons) > 0 {
					t.Errorf("restarts %v, want none", reasons)
				}
			})
		})
	}
}

type failingSuffix struct{ *client.MemoryStore }

func (failingSuffix) ListSuffix(context.Context, string) iter.Seq2[*client.Record, error] {
	return func(yield func(*client.Record, error) bool) { yield(nil, clienttest.ErrUnplugged) }
}

// The record is found although the query of the endpoint has changed, and although the file is
// reached through a symbolic link to its folder.
func TestRecordFoundAgain(t *testing.T) {
	tests := map[string]func(t *testing.T, cfg *client.Config, name string) string{
		"rotated query": func(_ *testing.T, cfg *client.Config, name string) string {
			cfg.Endpoint += "?token=next"
			return name
		},
		"linked folder": func(t *testing.T, _ *client.Config, name string) string {
			t.Helper()
			link := filepath.Join(t.TempDir(), "link")
			if err := os.Symlink(filepath.Dir(name), link); err != nil {
				t.Skip("this system has no symbolic links:", err)
			}
			return filepath.Join(link, filepath.Base(name))
		},
		"another inode": func(t *testing.T, _ *client.Config, name string) string {
			t.Helper()
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			replace(t, name, clienttest.Noise(clienttest.RecordedSize), info.ModTime())
			return name
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
				cfg := clienttest.RecordingConfig(&store, nil)
				cfg.Endpoint = s.URL + "?token=first"
				s.On(http.MethodPatch, nil, fake.Cut(7))
				if _, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil); err == nil {
					t.Fatal("no error")
				}
				cfg.Endpoint = s.URL
				name = change(t, &cfg, name)
				res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if err != nil {
					t.Fatal(err)
				}
				if res.Resumed != clienttest.ChunkSize+7 {
					t.Errorf("resumed at %d, want %d", res.Resumed, clienttest.ChunkSize+7)
				}
				clienttest.WantNoRecord(t, &store)
			})
		})
	}
}
