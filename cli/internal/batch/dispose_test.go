package batch

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/disposal"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

const largeFile = 300 << 10 // above the size up to which all bytes are compared

// deleting returns a batch that deletes what it has sent.
func deleting() *Batch {
	return &Batch{Cmd: &cobra.Command{}, List: &Listing{}, Upload: &flags.Upload{Disposal: flags.Disposal{DeleteAfter: true}}}
}

// fileOf creates a file that was modified at a time.
func fileOf(t *testing.T, modified time.Time) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := errors.Join(os.WriteFile(path, make([]byte, largeFile), 0o600), os.Chtimes(path, modified, modified)); err != nil {
		t.Fatal(err)
	}
	return path
}

// opened opens a file as its upload does, and returns what the batch remembers of it. Look gets
// the open file.
func opened(t *testing.T, b *Batch, path string, look func(source.Handle)) *sentFile {
	t.Helper()
	sent := &sentFile{}
	src, err := b.source(t.Context(), entry{name: path}, sent)
	if err != nil {
		t.Fatal(err)
	}
	f, err := src.Open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	look(f)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return sent
}

func ignore(source.Handle) {}

// complete is the result of an upload without an error.
func complete(url string) *client.Result {
	return &client.Result{URL: url, Offset: largeFile, Length: protocol.Known(largeFile)}
}

// A complete file that nothing speaks against is deleted, and stays for each reason against it.
func TestDispose(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(b *Batch, sent *sentFile, r *client.Result)
		want   error // nil: the file is deleted
	}{
		"complete":     {func(*Batch, *sentFile, *client.Result) {}, nil},
		"incomplete":   {func(_ *Batch, _ *sentFile, r *client.Result) { r.Offset-- }, errIncomplete},
		"not verified": {func(b *Batch, _ *sentFile, _ *client.Result) { b.Verify = true }, errUnverified},
		"denied":       {func(_ *Batch, _ *sentFile, r *client.Result) { r.Denial.StatusCode = 500 }, errDenied},
		"not a file":   {func(_ *Batch, s *sentFile, _ *client.Result) { s.info = nil }, errNotFile},
		"not listed":   {func(_ *Batch, s *sentFile, _ *client.Result) { s.unlisted = os.ErrClosed }, errUnlisted},
		"other state":  {func(_ *Batch, s *sentFile, _ *client.Result) { s.state = "other" }, disposal.ErrChanged},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := fileOf(t, time.Now().Add(-time.Hour))
			b, result := deleting(), complete("https://tus.example/files/1")
			sent := opened(t, b, path, ignore)
			test.change(b, sent, result)
			if err := b.dispose(t.Context(), entry{name: path}, sent, result); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			_, err := os.Lstat(path)
			if deleted := errors.Is(err, os.ErrNotExist); deleted != (test.want == nil) {
				t.Errorf("deleted: %t, want %t", deleted, test.want == nil)
			}
		})
	}
}

// A file outside of the directory that was named stays, if a link in the directory leads to it.
func TestPlaceIsInFolder(t *testing.T) {
	t.Parallel()
	path, dir := fileOf(t, time.Now().Add(-time.Hour)), t.TempDir()
	if err := os.Symlink(filepath.Dir(path), filepath.Join(dir, "link")); err != nil {
		t.Skip(err)
	}
	folderInfo, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	place, err := placeOf(entry{name: filepath.Join(dir, "link", "file"), in: newFolder(dir, folderInfo, false), below: "link/file"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = place.Root.Close() }()
	if err := place.Remove(info, func() error { return nil }); err == nil {
		t.Error("no error")
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}

// A file that may have changed again without a trace stays.
func TestModifiedJustNow(t *testing.T) {
	t.Parallel()
	path := fileOf(t, time.Now().Add(time.Hour)) // a time that no machine is too slow for
	b := deleting()
	sent := opened(t, b, path, ignore)
	if err := sent.unchanged(t.Context(), b, entry{name: path}); !errors.Is(err, errJustNow) {
		t.Errorf("error %v, want %v", err, errJustNow)
	}
}

// A file that another program can write to stays.
func TestOpenForWriting(t *testing.T) {
	t.Parallel()
	path := fileOf(t, time.Now().Add(-time.Hour))
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	b := deleting()
	sent := opened(t, b, path, func(h source.Handle) {
		if s, ok := h.(source.Settler); !ok || s.FindWriters() != source.WritersFound {
			t.Skip("the system does not tell of writers")
		}
	})
	if err := sent.unchanged(t.Context(), b, entry{name: path}); !errors.Is(err, errInUse) {
		t.Errorf("error %v, want %v", err, errInUse)
	}
}

// A file without a state, as those of the system, counts as changed.
func TestFileWithoutState(t *testing.T) {
	t.Parallel()
	const path = "/proc/version"
	if _, err := os.Stat(path); err != nil {
		t.Skip(err)
	}
	b := deleting()
	sent := opened(t, b, path, ignore)
	if sent.info == nil || sent.state != "" {
		t.Skipf("the file has the state %q", sent.state)
	}
	if err := sent.unchanged(t.Context(), b, entry{name: path}); !errors.Is(err, disposal.ErrChanged) {
		t.Errorf("error %v, want %v", err, disposal.ErrChanged)
	}
}
