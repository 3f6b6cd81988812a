package clienttest

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client"
)

// SpooledSource returns a stream of unknown length with a window of 8 bytes. spool is that of
// client.StreamOptions.
func SpooledSource(r io.Reader, spool int64) client.Source {
	return client.Stream(r, &client.StreamOptions{Name: "pipe", Window: 8, Spool: spool})
}

// OwnTempDir makes the environment name a new folder for temporary files, and returns it. The
// folder has to be empty, and no spool may be open, when the test ends.
func OwnTempDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} {
		t.Setenv(name, dir)
	}
	t.Cleanup(func() {
		if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
			t.Errorf("files left in the folder: %v, error %v, want none and no error", left, err)
		}
		if n, ok := OpenSpools(); ok && n != 0 {
			t.Errorf("%d temporary files are open", n)
		}
	})
	return dir
}

// OpenSpools returns the number of spools that this process has open. They have no name any
// more, so only Linux can tell. ok is false on other systems.
func OpenSpools() (n int, ok bool) {
	links, err := filepath.Glob("/proc/self/fd/*")
	if runtime.GOOS != "linux" || err != nil {
		return 0, false
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && strings.HasSuffix(to, ".spool (deleted)") {
			n++
		}
	}
	return n, true
}
