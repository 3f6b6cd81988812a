package remote_test

import (
	"path/filepath"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/remote"
)

// An absolute name is that of filepath.Abs, and that of a remote file has no secret.
func TestNames(t *testing.T) {
	t.Chdir(t.TempDir())
	var names remote.Names
	for _, name := range []string{"", ".", "a", "a/../b", "../c", "./d/", t.TempDir(), `\e`, "f:g", "/h"} {
		want, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := names.Absolute(name); got != want || err != nil {
			t.Errorf("%q: %q, %v, want %q", name, got, err, want)
		}
	}
	const shown = "https://host.example/a"
	if got, err := names.Absolute("https://me:secret@host.example/a?signature=1"); got != shown || err != nil {
		t.Errorf("a remote file: %q, %v, want %q", got, err, shown)
	}
}

// The system is asked for the working directory once.
func TestNamesAskOnce(t *testing.T) {
	var names remote.Names
	t.Chdir(t.TempDir())
	first, err := names.Absolute("a")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if second, err := names.Absolute("a"); second != first || err != nil {
		t.Errorf("%q and then %q, %v, want one name", first, second, err)
	}
}
