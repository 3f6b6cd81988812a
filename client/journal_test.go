package client_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// The record is saved before the first byte is sent, changes only before the last byte, and is
// removed after success.
func TestRecordDuringUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		expires := time.Now().Add(time.Hour)
		var store client.MemoryStore
		var seen []client.Record
		s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == http.MethodPatch {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				r.Body = io.NopCloser(bytes.NewReader(body))
				seen = append(seen, clienttest.OnlyRecord(t, &store))
				time.Sleep(time.Second)
			} else {
				clienttest.WantNoRecord(t, &store)
			}
			next.ServeHTTP(w, r)
		}})
		s.On(http.MethodPost, fake.With("Upload-Expires", expires.Format(http.TimeFormat)))
		data := clienttest.Noise(clienttest.RecordedSize)
		name := clienttest.WriteFile(t, data)
		began := time.Now().UTC()
		var log bytes.Buffer
		res, err := clienttest.NewRecordingClient(t, s, &store, &log).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		clienttest.WantNoRecord(t, &store)
		clienttest.WantNoWarning(t, &log)
		if len(seen) != 3 {
			t.Fatalf("%d requests with a record, want 3", len(seen))
		}
		want := client.Record{
			Key: seen[0].Key, Endpoint: s.URL, URL: res.URL, Source: name, Length: protocol.Known(clienttest.RecordedSize),
			Created: began, Updated: began, Expires: expires.UTC(),
		}
		for i, r := range seen {
			if i == 2 { // the request with the last byte
				want.Uncertain, want.Updated = true, began.Add(2*time.Second)
			}
			want.Revision = r.Revision
			if diff := cmp.Diff(want, r); diff != "" {
				t.Errorf("record at PATCH %d (-want +got):\n%s", i+1, diff)
			}
		}
		clienttest.WantUnlocked(t, &store, seen[0].Key)
	})
}

func TestFileHasRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		src, err := client.File(f)
		if err != nil {
			t.Fatal(err)
		}
		s.On(http.MethodPatch, fake.Cut(0))
		_, err = clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), src, nil)
		clienttest.WantErrorIs(t, err, retry.ErrExhausted)
		r := clienttest.OnlyRecord(t, &store)
		// Path and File are two names of the same file.
		res, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		if res.URL != r.URL {
			t.Errorf("resumed %s, want %s", res.URL, r.URL)
		}
		clienttest.WantNoRecord(t, &store)
	})
}

func TestNoRecord(t *testing.T) {
	big := clienttest.Noise(clienttest.RecordedSize)
	tests := map[string]func(t *testing.T, c *client.Client) error{
		"small file": func(t *testing.T, c *client.Client) error {
			t.Helper()
			_, err := c.Upload(t.Context(), clienttest.PathSource(t, clienttest.WriteFile(t, big[:clienttest.RecordedSize-1])), nil)
			return err
		},
		"empty file": func(t *testing.T, c *client.Client) error {
			t.Helper()
			_, err := c.Upload(t.Context(), clienttest.PathSource(t, clienttest.WriteFile(t, "")), nil)
			return err
		},
		"stream": func(t *testing.T, c *client.Client) error {
			t.Helper()
			_, err := c.Upload(t.Context(), clienttest.StreamSource(big, 0), nil)
			return err
		},
		"stream of known length": func(t *testing.T, c *client.Client) error {
			t.Helper()
			_, err := c.Upload(t.Context(), clienttest.SizedStream(big, clienttest.RecordedSize), nil)
			return err
		},
		"file of an FS": func(t *testing.T, c *client.Client) error {
			t.Helper()
			src, err := client.FS(fstest.MapFS{"a": {Data: []byte(big)}}, "a")
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Upload(t.Context(), src, nil)
			return err
		},
		"ReaderAt": func(t *testing.T, c *client.Client) error {
			t.Helper()
			_, err := c.Upload(t.Context(), clienttest.TextSource(t, big), nil)
			return err
		},
		"parts": func(t *testing.T, c *client.Client) error {
			t.Helper()
			src := clienttest.PathSource(t, clienttest.WriteFile(t, big))
			_, err := c.UploadConcat(t.Context(), []client.Source{src, src}, nil)
			return err
		},
		"known URL": func(t *testing.T, c *client.Client) error {
			t.Helper()
			src := clienttest.PathSource(t, clienttest.WriteFile(t, big))
			reply, err := c.Create(t.Context(), protocol.Creation{Length: src.Length()}, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Resume(t.Context(), reply.State.Location, src, nil)
			return err
		},
	}
	for name, upload := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				store := &clienttest.SpyStore{Store: new(client.MemoryStore)}
				if err := upload(t, clienttest.NewRecordingClient(t, s, store, nil)); err != nil {
					t.Error(err)
				}
				// An upload that fails has no record either.
				s.On(http.MethodPatch, fake.Cut(0), fake.Cut(0))
				if err := upload(t, clienttest.NewRecordingClient(t, s, store, nil)); err == nil && name != "empty file" {
					t.Error("no error")
				}
				if len(store.Calls) > 0 {
					t.Errorf("the store was called: %q, want none", store.Calls)
				}
			})
		})
	}
}

// A record is written as little as needed: once at the beginning, once before the last
// byte, and once if the upload fails. It is looked for once.
func TestStoreIsUsedSparingly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		store := &clienttest.SpyStore{Store: new(client.MemoryStore)}
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
		clienttest.InterruptUpload(t, s, store, name)
		if diff := cmp.Diff([]string{"lock", "load", "save", "save", "unlock"}, store.Calls); diff != "" {
			t.Errorf("calls of the failed run (-want +got):\n%s", diff)
		}
		store.Calls = nil
		if _, err := clienttest.NewRecordingClient(t, s, store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"lock", "load", "save", "delete", "unlock"}, store.Calls); diff != "" {
			t.Errorf("calls of the run that completed the upload (-want +got):\n%s", diff)
		}
	})
}

// The record is removed if the upload was complete before it was canceled.
func TestRecordIsRemovedAfterCancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		data := clienttest.Noise(clienttest.RecordedSize)
		ctx, cancel := context.WithCancel(t.Context())
		s.On(http.MethodPatch, nil, nil, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			time.Sleep(time.Second) // so that EventProgress is due
			next.ServeHTTP(w, r)
		})
		res, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(ctx, clienttest.PathSource(t, clienttest.WriteFile(t, data)), &client.UploadOptions{OnEvent: func(ev client.Event) {
			if ev.Offset == clienttest.RecordedSize {
				cancel()
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		if ctx.Err() == nil {
			t.Fatal("the call was not canceled in time")
		}
		clienttest.WantStored(t, s, res.URL, data)
		clienttest.WantNoRecord(t, &store)
	})
}
