package fleet_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/fleet"
)

// Files opens only regular files below the root, in the state in which they were added.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	root, outside := filepath.Join(dir, "root"), filepath.Join(dir, "outside")
	at := time.Now().Add(-time.Hour)
	for _, path := range []string{root, outside, filepath.Join(root, "folder")} {
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{filepath.Join(root, "file"), filepath.Join(outside, "secret")} {
		if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	links := true
	for name, target := range map[string]string{"out": outside, "link": "file", "secret": filepath.Join(outside, "secret")} {
		links = os.Symlink(target, filepath.Join(root, name)) == nil && links
	}
	anyError := errors.New("any error")
	for name, test := range map[string]struct {
		item fleet.Item
		want error // nil: none
		link bool
	}{
		"file":         {fleet.Item{Path: "file", Size: 5, ModTime: at}, nil, false},
		"no time":      {fleet.Item{Path: "file", Size: 5}, nil, false},
		"nanoseconds":  {fleet.Item{Path: "file", Size: 5, ModTime: at.Truncate(time.Microsecond)}, nil, false},
		"other size":   {fleet.Item{Path: "file", Size: 6, ModTime: at}, client.ErrSourceChanged, false},
		"other time":   {fleet.Item{Path: "file", Size: 5, ModTime: at.Add(time.Millisecond)}, client.ErrSourceChanged, false},
		"missing":      {fleet.Item{Path: "none", Size: 5}, fleet.ErrMissing, false},
		"below a file": {fleet.Item{Path: "file/below", Size: 5}, fleet.ErrMissing, false},
		"folder":       {fleet.Item{Path: "folder", Size: 5}, client.ErrSourceChanged, false},
		"other root":   {fleet.Item{Root: "other", Path: "file", Size: 5}, fleet.ErrNoRoot, false},
		"no folder":    {fleet.Item{Root: "gone", Path: "file", Size: 5}, fleet.ErrNoRoot, false},
		"parent":       {fleet.Item{Path: "../outside/secret", Size: 5}, anyError, false},
		"link":         {fleet.Item{Path: "link", Size: 5}, client.ErrSourceChanged, true},
		"link outside": {fleet.Item{Path: "secret", Size: 5}, client.ErrSourceChanged, true},
		"way outside":  {fleet.Item{Path: "out/secret", Size: 5}, anyError, true},
	} {
		t.Run(name, func(t *testing.T) {
			if test.link && !links {
				t.Skip("no symbolic links")
			}
			src, err := fleet.Files(map[string]string{"": root, "gone": filepath.Join(dir, "gone")})(t.Context(), test.item)
			if err == nil {
				h, openErr := src.Open(t.Context(), 0)
				if err = openErr; err == nil {
					defer func() { _ = h.Close() }()
				}
			}
			switch {
			case test.want == nil && err != nil, test.want != nil && err == nil:
				t.Errorf("error %v, want %v", err, test.want)
			case test.want != nil && test.want != anyError && !errors.Is(err, test.want): //nolint:errorlint // a marker of this test
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
}
