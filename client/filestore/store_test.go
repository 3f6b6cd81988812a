package filestore_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/storetest"
	"github.com/tusker-go/tusker/protocol"
)

func TestSuite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Config {
		t.Helper()
		dir := t.TempDir()
		return storetest.Config{Store: open(t, dir), Reopen: func(t *testing.T) journal.Store {
			t.Helper()
			return open(t, dir)
		}}
	})
}

func open(t *testing.T, dir string) *filestore.Store {
	t.Helper()
	s, err := filestore.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// save saves a copy of r in place of the record of its key.
func save(t *testing.T, s *filestore.Store, r *journal.Record) {
	t.Helper()
	c := new(*r)
	if old, err := s.Load(t.Context(), r.Key); err == nil {
		c.Revision = old.Revision
	}
	if err := s.Save(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// withoutRevision compares records that were saved at different times.
var withoutRevision = cmpopts.IgnoreFields(journal.Record{}, "Revision")

// writeOld writes a file that was last changed some time ago.
func writeOld(t *testing.T, file, content string, age time.Duration) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-age)
	if err := os.Chtimes(file, at, at); err != nil {
		t.Fatal(err)
	}
}

// names returns the names of the files in a folder, without those of places.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".place" {
			continue
		}
		names = append(names, e.Name())
	}
	return names
}

var sample = journal.Record{
	Key:      "4f1d",
	Endpoint: "https://tus.example/files/",
	URL:      "https://tus.example/files/24e5?a&b",
	Source:   "/home/me/video.mp4",
	Length:   protocol.Known(1 << 20),
	Offset:   1 << 19,
	Created:  time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	Updated:  time.Date(2026, 1, 2, 3, 4, 6, 500, time.UTC),
	Expires:  time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC),
	Parts: []journal.PartRecord{
		{Start: 0, End: 1 << 19, URL: "https://tus.example/files/p0", Offset: 7},
		{Start: 1 << 19, End: 1 << 20},
	},
}

// TestFormat checks the format of a record, because other programs read it.
func TestFormat(t *testing.T) {
	s := open(t, t.TempDir())
	r := new(sample)
	if err := s.Save(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(s.Dir(), "4f1d.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "version": 1,
  "revision": "` + r.Revision + `",
  "key": "4f1d",
  "endpoint": "https://tus.example/files/",
  "url": "https://tus.example/files/24e5?a&b",
  "source": "/home/me/video.mp4",
  "length": 1048576,
  "offset": 524288,
  "created": "2026-01-02T03:04:05Z",
  "updated": "2026-01-02T03:04:06.0000005Z",
  "expires": "2026-01-03T00:00:00Z",
  "parts": [
    {
      "start": 0,
      "end": 524288,
      "url": "https://tus.example/files/p0",
      "offset": 7
    },
    {
      "start": 524288,
      "end": 1048576,
      "offset": 0
    }
  ]
}
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("the record's file (-want +got):\n%s", diff)
	}
}

func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "js" {
		t.Skip("this system has no file modes")
	}
	dir := filepath.Join(t.TempDir(), "a", "b", "state")
	s := open(t, dir)
	save(t, s, &sample)
	unlock, err := s.Lock(t.Context(), sample.Key)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{
		"": 0o700, "..": 0o700, "../..": 0o700, "4f1d.json": 0o600, "4f1d.lock": 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%q has mode %o, want %o", name, got, want)
		}
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}

// TestFolderIsTidy checks that only records stay in the folder.
func TestFolderIsTidy(t *testing.T) {
	s := open(t, t.TempDir())
	for range 3 {
		save(t, s, &sample)
	}
	unlock, err := s.Lock(t.Context(), sample.Key)
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if got := names(t, s.Dir()); !slices.Equal(got, []string{"4f1d.json"}) {
		t.Errorf("the folder holds %q", got)
	}
}

func TestNewRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ dir, says string }{
		"no folder":         {"", "no folder given"},
		"a file":            {file, "is a file, not a folder"},
		"below a file":      {filepath.Join(file, "state"), file},
		"a name with a NUL": {"a\x00b", "make folder"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := filestore.New(c.dir)
			if err == nil || s != nil {
				t.Fatalf("New = %v, error %v, want nil and an error", s, err)
			}
			if !strings.HasPrefix(err.Error(), "filestore: ") || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %q, want one that contains %q", err, c.says)
			}
		})
	}
}

// TestRelativeFolder checks that a change of the working folder does not move the store.
func TestRelativeFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	s := open(t, "state")
	save(t, s, &sample)
	t.Chdir(t.TempDir())
	if _, err := s.Load(t.Context(), sample.Key); err != nil {
		t.Error(err)
	}
}

func TestFolderGone(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state"))
	if err := os.Remove(s.Dir()); err != nil {
		t.Fatal(err)
	}
	_, loading := s.Load(t.Context(), "k")
	_, locking := s.Lock(t.Context(), "k")
	_, pruning := s.Prune(t.Context(), 0)
	var listing error
	for _, err := range s.List(t.Context()) {
		listing = err
	}
	for op, err := range map[string]error{
		"load": loading, "lock": locking, "prune": pruning, "list": listing,
		"save": s.Save(t.Context(), new(sample)), "delete": s.Delete(t.Context(), "k", ""), "remove": s.Remove(t.Context(), "k"),
	} {
		if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, journal.ErrNoRecord) || !strings.Contains(err.Error(), s.Dir()) {
			t.Errorf("%s: error %v, want one that names the folder", op, err)
		}
	}
}

func TestSaveTooLarge(t *testing.T) {
	s := open(t, t.TempDir())
	save(t, s, &sample)
	large := sample
	large.Source = strings.Repeat("x", 1<<20)
	if err := s.Save(t.Context(), new(large)); !errors.Is(err, journal.ErrInvalidRecord) {
		t.Errorf("error %v, want %v", err, journal.ErrInvalidRecord)
	}
	if r, err := s.Load(t.Context(), sample.Key); err != nil || r.Source != sample.Source {
		t.Errorf("record %v, error %v afterwards, want Source %q and no error", r, err, sample.Source)
	}
	large.Source = strings.Repeat("x", 1<<20-2000)
	save(t, s, &large)
	if r, err := s.Load(t.Context(), sample.Key); err != nil || r.Source != large.Source {
		t.Errorf("a record just below the limit: error %v, want no error and Source %q", err, large.Source)
	}
}

// TestSourceNotUTF8 checks that a path that is not UTF-8 comes back as it was, although a
// record is JSON.
func TestSourceNotUTF8(t *testing.T) {
	s := open(t, t.TempDir())
	r := sample
	r.Source = "/tmp/\xff\xfe"
	save(t, s, &r)
	got, err := s.Load(t.Context(), r.Key)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&r, got, withoutRevision); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// revisionOf returns the revision of a record, which must exist.
func revisionOf(t *testing.T, s *filestore.Store, key string) string {
	t.Helper()
	r, err := s.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return r.Revision
}

// TestFileWithoutRevision checks that a file that has no revision, such as one that a person
// wrote, has the revision of its content.
func TestFileWithoutRevision(t *testing.T) {
	s := open(t, t.TempDir())
	file := filepath.Join(s.Dir(), "k.json")
	write := func(offset string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(`{"version":1,"key":"k","url":"https://tus.example/1","offset":`+offset+`}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("1")
	first, err := s.Load(t.Context(), "k")
	if err != nil || first.Revision == "" {
		t.Fatalf("record %+v, error %v, want Revision not empty and no error", first, err)
	}
	write("2")
	if err := s.Save(t.Context(), new(*first)); !errors.Is(err, journal.ErrConflict) {
		t.Errorf("Save after another program wrote the file: error %v, want %v", err, journal.ErrConflict)
	}
	second, err := s.Load(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Save(t.Context(), second); err != nil {
		t.Error(err)
	}
}

// TestGuardIsHeld checks that a change and a lock wait for the guard of another process, that a
// context ends the wait, and that the guard of a process that was killed is free.
func TestGuardIsHeld(t *testing.T) {
	s := open(t, t.TempDir())
	r := new(sample)
	if err := s.Save(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	before := names(t, s.Dir())
	guard := start(t, "guard", s.Dir())
	guard.line(t)
	for op, call := range map[string]func(context.Context) error{
		"Save":   func(ctx context.Context) error { return s.Save(ctx, new(*r)) },
		"Delete": func(ctx context.Context) error { return s.Delete(ctx, r.Key, r.Revision) },
		"Remove": func(ctx context.Context) error { return s.Remove(ctx, r.Key) },
		// Prune may be about to remove the record.
		"Lock": func(ctx context.Context) error { _, err := s.Lock(ctx, r.Key); return err },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: error %v, want %v", op, err, context.DeadlineExceeded)
		}
		cancel()
	}
	guard.kill(t)
	unlock, err := s.Lock(t.Context(), r.Key)
	if err != nil {
		t.Fatalf("Lock after the process died: %v", err)
	}
	if err := errors.Join(s.Save(t.Context(), r), unlock()); err != nil {
		t.Errorf("Save and unlock after the process died: %v", err)
	}
	if got := names(t, s.Dir()); !slices.Equal(got, before) {
		t.Errorf("the folder holds %q, want %q", got, before)
	}
	if err := s.Delete(t.Context(), r.Key, r.Revision); err != nil {
		t.Errorf("Delete after the process died: %v", err)
	}
}
