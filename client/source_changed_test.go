package client_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/retry"
)

// rewrite puts data into the file called name, which keeps its inode.
func rewrite(t *testing.T, name, data string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

func touch(t *testing.T, name string, modified time.Time) {
	t.Helper()
	if err := os.Chtimes(name, modified, modified); err != nil {
		t.Fatal(err)
	}
}

// replace puts data in the place of the file called name, as a new file.
func replace(t *testing.T, name, data string, modified time.Time) {
	t.Helper()
	next := filepath.Join(filepath.Dir(name), "next")
	rewrite(t, next, data)
	touch(t, next, modified)
	if err := os.Rename(next, name); err != nil {
		t.Fatal(err)
	}
}

// flipped is data with one other byte.
func flipped(data string, pos int) string {
	b := []byte(data)
	b[pos] ^= 0xff
	return string(b)
}

// A file that was edited since is never sent to the upload that was begun with
// what it was before.
func TestEditedBetweenRuns(t *testing.T) {
	const size = smallest + 1000
	modified := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	data := noise(size)
	edited := func(to string, restore bool) func(*testing.T, string) string {
		return func(t *testing.T, name string) string {
			t.Helper()
			rewrite(t, name, to)
			if restore {
				touch(t, name, modified)
			}
			return to
		}
	}
	tests := map[string]struct {
		edit func(t *testing.T, name string) (now string)
		same bool // it is the same file after all
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
			touch(t, name, modified.Add(time.Microsecond))
			return data
		}},
		"grown":          {edit: edited(data+"!", true)},
		"shrunk":         {edit: edited(data[:size-1], true)},
		"shrunk a lot":   {edit: edited(data[:size/2+100], true)},
		"emptied":        {edit: edited("", true)},
		"grown in front": {edit: edited("!"+data, true)},
		// A file system that is mounted again may give every file another inode.
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
				name := write(t, data)
				touch(t, name, modified)
				before := interrupt(t, s, &store, name)
				record := onlyRecord(t, &store)

				now := test.edit(t, name)
				res, err := recorder(t, s, &store, nil).Upload(t.Context(), path(t, name), nil)
				if err != nil {
					t.Fatal(err)
				}
				wantStored(t, s, res.URL, now)
				if test.same {
					if res.URL != before.URL || res.Resumed != half+7 {
						t.Errorf("result %+v, want one that goes on", res)
					}
					wantNoRecord(t, &store)
					return
				}
				if res.URL == before.URL || res.Resumed != 0 {
					t.Errorf("result %+v, want that of a new upload", res)
				}
				wantStored(t, s, before.URL, data[:half+7])
				// Who restores the file can still go on.
				if diff := cmp.Diff(record, onlyRecord(t, &store)); diff != "" {
					t.Errorf("record of the earlier upload (-before +after):\n%s", diff)
				}
			})
		})
	}
}

// A file that changes while it is sent ends its upload, however late it does.
func TestChangesWhileUploading(t *testing.T) {
	modified := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	data := noise(smallest)
	changes := map[string]func(t *testing.T, name string){
		"head": func(t *testing.T, name string) {
			t.Helper()
			rewrite(t, name, flipped(data, 1))
			touch(t, name, modified)
		},
		"tail": func(t *testing.T, name string) {
			t.Helper()
			rewrite(t, name, flipped(data, smallest-2))
			touch(t, name, modified)
		},
		"time":  func(t *testing.T, name string) { t.Helper(); touch(t, name, modified.Add(time.Hour)) },
		"grown": func(t *testing.T, name string) { t.Helper(); rewrite(t, name, data+"!"); touch(t, name, modified) },
		"shrunk": func(t *testing.T, name string) {
			t.Helper()
			rewrite(t, name, data[:smallest-1])
			touch(t, name, modified)
		},
	}
	// A moment scripts the answers so that change is called then.
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
		}, []string{post}},
		"after a chunk": {func(s *fake.Server, change func()) {
			s.On(http.MethodPatch, then(change, nil))
		}, []string{post, patch1}},
		"after a chunk without answer": {func(s *fake.Server, change func()) {
			s.On(http.MethodPatch, then(change, fake.Lose))
		}, []string{post, patch1, head}},
		"while the server is asked": {func(s *fake.Server, change func()) {
			s.On(http.MethodPatch, fake.Cut(half))
			s.On(http.MethodHead, then(change, nil))
		}, []string{post, patch1, head}},
		"after the last byte": {func(s *fake.Server, change func()) {
			s.On(http.MethodPatch, nil, nil, then(change, nil))
		}, []string{post, patch1, patch2, patch3}},
		"after the last byte, without answer": {func(s *fake.Server, change func()) {
			s.On(http.MethodPatch, nil, nil, then(change, fake.Lose))
		}, []string{post, patch1, patch2, patch3, head}},
	}
	for when, moment := range moments {
		for what, change := range changes {
			t.Run(what+" "+when, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var store client.MemoryStore
					s := fake.New(t, fake.Config{})
					name := write(t, data)
					touch(t, name, modified)
					moment.script(s, func() { change(t, name) })
					cfg := recording(&store, nil)
					cfg.Retry = nil
					res, err := newClient(t, s, cfg).Upload(t.Context(), path(t, name), nil)
					wantIs(t, err, client.ErrSource, client.ErrSourceChanged)
					wantSeen(t, s, moment.want...)
					if got := string(s.Bytes(res.URL)); got != data[:len(got)] {
						t.Error("the server has a blend of two states of the file")
					}
					wantNoRecord(t, &store)
				})
			})
		}
	}
}

// A file that another one takes the place of is sent whole, and that is said.
func TestFileReplacedWhileUploading(t *testing.T) {
	for name, replaced := range map[string]bool{"replaced": true, "as it was": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				data := noise(smallest)
				file := write(t, data)
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					if replaced {
						replace(t, file, flipped(data, 0), time.Now())
					}
					next.ServeHTTP(w, r)
				})
				var log bytes.Buffer
				c := newClient(t, s, client.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
				res, err := c.Upload(t.Context(), path(t, file), nil)
				if err != nil {
					t.Fatal(err)
				}
				wantStored(t, s, res.URL, data)
				if told := strings.Contains(log.String(), "level=WARN msg=\"the file was replaced"); told != replaced {
					t.Errorf("told: %t\n%s", told, &log)
				}
			})
		})
	}
}

// The file changes while an upload that was begun before goes on.
func TestChangesAfterResuming(t *testing.T) {
	tests := map[string]struct {
		patch []fake.Action // of the run that is interrupted
		want  []string
	}{
		"in the middle": {[]fake.Action{nil, fake.Cut(7)}, []string{post, patch1, "PATCH /files/1 524288+7", head}},
		"complete":      {[]fake.Action{nil, nil, fake.Lose}, []string{post, patch1, patch2, patch3, head}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				name := write(t, noise(smallest))
				s.On(http.MethodPatch, test.patch...)
				_, err := recorder(t, s, &store, nil).Upload(t.Context(), path(t, name), nil)
				wantIs(t, err, retry.ErrExhausted)
				s.On(http.MethodHead, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					touch(t, name, time.Now())
					next.ServeHTTP(w, r)
				})
				_, err = recorder(t, s, &store, nil).Upload(t.Context(), path(t, name), nil)
				wantIs(t, err, client.ErrSourceChanged)
				wantSeen(t, s, test.want...)
				wantNoRecord(t, &store)
			})
		})
	}
}

// A source without a record is watched as well.
func TestChangesOfOtherSources(t *testing.T) {
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
			return client.FS(bareFS{os.DirFS(filepath.Dir(name))}, filepath.Base(name))
		},
	}
	for name, source := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				name := write(t, data)
				src, err := source(t, name)
				if err != nil {
					t.Fatal(err)
				}
				s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					next.ServeHTTP(w, r)
					rewrite(t, name, flipped(data, 3))
					touch(t, name, time.Now())
				})
				_, err = newClient(t, s, client.Config{}).Upload(t.Context(), src, nil)
				wantIs(t, err, client.ErrSourceChanged)
				wantSeen(t, s, "POST /files/", "PATCH /files/1 0+9")
			})
		})
	}
}
