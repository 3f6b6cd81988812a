package client_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/retry"
)

// rewrite writes data to the file called name, which keeps its inode.
func rewrite(t *testing.T, name, data string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

// replace replaces the file called name by a new file with data.
func replace(t *testing.T, name, data string, modified time.Time) {
	t.Helper()
	next := filepath.Join(filepath.Dir(name), "next")
	rewrite(t, next, data)
	clienttest.SetModified(t, next, modified)
	if err := os.Rename(next, name); err != nil {
		t.Fatal(err)
	}
}

// flipped returns data with another byte at pos.
func flipped(data string, pos int) string {
	b := []byte(data)
	b[pos] ^= 0xff
	return string(b)
}

// A file that was edited after an interrupted upload is never sent to that upload.
func TestEditedBetweenRuns(t *testing.T) {
	const size = clienttest.RecordedSize + 1000
	modified := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	data := clienttest.Noise(size)
	edited := func(to string, restore bool) func(*testing.T, string) string {
		return func(t *testing.T, name string) string {
			t.Helper()
			rewrite(t, name, to)
			if restore {
				clienttest.SetModified(t, name, modified)
			}
			return to
		}
	}
	tests := map[string]struct {
		edit func(t *testing.T, name string) (now string)
		same bool // the upload is resumed
	}{
		"nothing":       {edit: func(*testing.T, string) string { return data }, same: true},
		"restored":      {edit: edited(data, true), same: true},
		"edited":        {edit: edited(flipped(data, size/2), false)},
		"head only":     {edit: edited(flipped(data, 0), true)},
		"end of head":   {edit: edited(flipped(data, 64<<10-1), true)},
		"start of tail": {edit: edited(flipped(data, size-64<<10), true)},
		"tail only":     {edit: edited(flipped(data, size-1), true)},
		"time only": {edit: func(t *testing.T, name string) string {
			t.Helper()
			clienttest.SetModified(t, name, modified.Add(time.Microsecond))
			return data
		}},
		"grown":          {edit: edited(data+"!", true)},
		"shrunk":         {edit: edited(data[:size-1], true)},
		"shrunk a lot":   {edit: edited(data[:size/2+100], true)},
		"emptied":        {edit: edited("", true)},
		"grown in front": {edit: edited("!"+data, true)},
		// Files may have other inodes after a file system was mounted again.
		"replaced by a copy": {edit: func(t *testing.T, name string) string {
			t.Helper()
			replace(t, name, data, modified)
			return data
		}, same: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				name := clienttest.WriteFile(t, data)
				clienttest.SetModified(t, name, modified)
				before := clienttest.InterruptUpload(t, s, &store, name)
				record := clienttest.OnlyRecord(t, &store)

				now := test.edit(t, name)
				res, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, now)
				if test.same {
					if res.URL != before.URL || res.Resumed != clienttest.ChunkSize+7 {
						t.Errorf("result %+v, want one that goes on", res)
					}
					clienttest.WantNoRecord(t, &store)
					return
				}
				if res.URL == before.URL || res.Resumed != 0 {
					t.Errorf("result %+v, want that of a new upload", res)
				}
				clienttest.WantStored(t, s, before.URL, data[:clienttest.ChunkSize+7])
				// The record is kept, so that the upload can resume if the file is restored.
				if diff := cmp.Diff(record, clienttest.OnlyRecord(t, &store)); diff != "" {
					t.Errorf("record of the earlier upload (-before +after):\n%s", diff)
				}
			})
		})
	}
}

// An upload fails if its file changes at any moment before the end.
func TestChangesWhileUploading(t *testing.T) {
	modified := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	data := clienttest.Noise(clienttest.RecordedSize)
	changes := map[string]func(t *testing.T, name string){
		"head": func(t *testing.T, name string) {
			t.Helper()
			rewrite(t, name, flipped(data, 1))
			clienttest.SetModified(t, name, modified)
		},
		"tail": func(t *testing.T, name string) {
			t.Helper()
			rewrite(t, name, flipped(data, clienttest.RecordedSize-2))
			clienttest.SetModified(t, name, modified)
		},
		"time": func(t *testing.T, name string) { t.Helper(); clienttest.SetModified(t, name, modified.Add(time.Hour)) },
		"grown": func(t *testing.T, name string) {
			t.Helper()
			rewrite(t, name, data+"!")
			clienttest.SetModified(t, name, modified)
		},
		"shrunk": func(t *testing.T, name string) {
			t.Helper()
			rewrite(t, name, data[:clienttest.RecordedSize-1])
			clienttest.SetModified(t, name, modified)
		},
	}
	// script makes the server call change at a certain moment.
	type script func(s *fake.Server, change func())
	then := func(change func(), action fake.Action) fake.Action {
		return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			defer change()
			if action == nil {
				next.ServeHTTP(w, r)
				return
			}
			action(w, r, next)
		}
	}
	moments := map[string]struct {
		script script
		want   []string
	}{
		"while it is created": {func(s *fake.Server, change func()) {
			s.On(http.MethodPost, then(change, nil))
		}, []string{clienttest.Post}},
		"after a chunk": {func(s *fake.Server, change func()) {
			s.On(http.MethodPatch, then(change, nil))
		}, []string{clienttest.Post, clienttest.Patch1}},
		"after a chunk without answer": {func(s *fake.Server, change func()) {
			s.On(http.MethodPatch, then(change, fake.Lose))
		}, []string{clienttest.Post, clienttest.Patch1, clienttest.Head}},
		"while the server is asked": {func(s *fake.Server, change func()) {
			s.On(http.MethodPatch, fake.Cut(clienttest.ChunkSize))
			s.On(http.MethodHead, then(change, nil))
		}, []string{clienttest.Post, clienttest.Patch1, clienttest.Head}},
		"after the last byte": {func(s *fake.Server, change func()) {
			s.On(http.MethodPatch, nil, nil, then(change, nil))
		}, []string{clienttest.Post, clienttest.Patch1, clienttest.Patch2, clienttest.Patch3}},
		"after the last byte, without answer": {func(s *fake.Server, change func()) {
			s.On(http.MethodPatch, nil, nil, then(change, fake.Lose))
		}, []string{clienttest.Post, clienttest.Patch1, clienttest.Patch2, clienttest.Patch3, clienttest.Head}},
	}
	for when, moment := range moments {
		for what, change := range changes {
			t.Run(what+" "+when, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var store client.MemoryStore
					s := fake.New(t, fake.Config{})
					name := clienttest.WriteFile(t, data)
					clienttest.SetModified(t, name, modified)
					moment.script(s, func() { change(t, name) })
					cfg := clienttest.RecordingConfig(&store, nil)
					cfg.Retry = nil
					res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
					clienttest.WantErrorIs(t, err, client.ErrSource, client.ErrSourceChanged)
					clienttest.WantRequests(t, s, append(slices.Clone(moment.want), "DELETE /files/1")...)
					if got := string(s.Bytes(res.URL)); got != data[:len(got)] {
						t.Error("the server has a blend of two states of the file")
					}
					clienttest.WantNoRecord(t, &store)
				})
			})
		}
	}
}

// A file that is replaced by another file during its upload is sent completely, with a warning.
func TestFileReplacedWhileUploading(t *testing.T) {
	for name, replaced := range map[string]bool{"replaced": true, "as it was": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				data := clienttest.Noise(clienttest.RecordedSize)
				file := clienttest.WriteFile(t, data)
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					if replaced {
						replace(t, file, flipped(data, 0), time.Now())
					}
					next.ServeHTTP(w, r)
				})
				var log bytes.Buffer
				c := clienttest.NewClient(t, s, client.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
				res, err := c.Upload(t.Context(), clienttest.PathSource(t, file), nil)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				if told := strings.Contains(log.String(), "level=WARN msg=\"the file was replaced"); told != replaced {
					t.Errorf("the log warns of the change: %t, want %t\n%s", told, replaced, &log)
				}
			})
		})
	}
}

// A change of the file after the upload was resumed fails the upload.
func TestChangesAfterResuming(t *testing.T) {
	tests := map[string]struct {
		patch []fake.Action // of the run that is interrupted
		want  []string
	}{
		"in the middle": {[]fake.Action{nil, fake.Cut(7)}, []string{clienttest.Post, clienttest.Patch1, "PATCH /files/1 524288+7", clienttest.Head}},
		"complete":      {[]fake.Action{nil, nil, fake.Lose}, []string{clienttest.Post, clienttest.Patch1, clienttest.Patch2, clienttest.Patch3, clienttest.Head}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
				s.On(http.MethodPatch, test.patch...)
				_, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				clienttest.WantErrorIs(t, err, retry.ErrExhausted)
				s.On(http.MethodHead, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					clienttest.SetModified(t, name, time.Now())
					next.ServeHTTP(w, r)
				})
				_, err = clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				clienttest.WantErrorIs(t, err, client.ErrSourceChanged)
				clienttest.WantRequests(t, s, append(test.want, "DELETE /files/1")...)
				clienttest.WantNoRecord(t, &store)
			})
		})
	}
}

// A change of a source without a record is found as well.
func TestChangesOfSourcesWithoutRecord(t *testing.T) {
	const data = "elephants"
	tests := map[string]func(t *testing.T, name string) (client.Source, error){
		"File": func(t *testing.T, name string) (client.Source, error) {
			t.Helper()
			f, err := os.Open(name)
			if err != nil {
				return nil, err
			}
			t.Cleanup(func() { _ = f.Close() })
			return client.File(f)
		},
		"DirFS": func(_ *testing.T, name string) (client.Source, error) {
			return client.FS(os.DirFS(filepath.Dir(name)), filepath.Base(name))
		},
		"bare FS": func(_ *testing.T, name string) (client.Source, error) {
			return client.FS(clienttest.BareFS{FS: os.DirFS(filepath.Dir(name))}, filepath.Base(name))
		},
	}
	for name, source := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				name := clienttest.WriteFile(t, data)
				src, err := source(t, name)
				if err != nil {
					t.Fatal(err)
				}
				s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					next.ServeHTTP(w, r)
					rewrite(t, name, flipped(data, 3))
					clienttest.SetModified(t, name, time.Now())
				})
				_, err = clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), src, nil)
				clienttest.WantErrorIs(t, err, client.ErrSourceChanged)
				clienttest.WantRequests(t, s, "POST /files/", "PATCH /files/1 0+9", "DELETE /files/1")
			})
		})
	}
}
