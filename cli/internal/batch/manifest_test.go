package batch

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/manifest"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
)

// The first entry that cannot be written is the error of the run. The files after it are tried.
func TestManifestFails(t *testing.T) {
	t.Parallel()
	b := &Batch{Upload: &flags.Upload{}}
	b.Manifest = filepath.Join(t.TempDir(), "sent")
	m, err := b.openManifest()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		if err := m.add(name, &client.Result{URL: "https://tus.example/files/1"}); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: error %v, want %v", name, err, os.ErrClosed)
		}
	}
	if err := m.close(); !errors.Is(err, os.ErrClosed) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v, want one %v", err, os.ErrClosed)
	}
}

// A list that is a manifest has each file once, without standard input and lines that were cut
// off.
func TestNamesFromManifest(t *testing.T) {
	t.Parallel()
	lines := []string{manifest.Head}
	for _, name := range []string{"a\tb", manifest.Stdin, "\xff", "a\tb", "c"} {
		lines = append(lines, string(manifest.Entry{File: name}.Line()))
	}
	lines = append(lines, manifest.Head, `{"file":"cut`)
	var got []string
	for name, err := range NamesFrom(t.Context(), strings.NewReader(strings.Join(lines, "\n")), usage.Stdin, false) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, name)
	}
	if want := []string{"a\tb", "\xff", "c"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
