package batch

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/flags"
)

// A list of many files keeps the name of each file, and not the path of their folder with each.
func TestFindMemory(t *testing.T) {
	// The test measures the heap of the process, so it is not parallel.
	const files, most = 3000, 200
	dir := filepath.Join(t.TempDir(), strings.Repeat("folder", 30), strings.Repeat("folder", 30))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range files {
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := heap()
	list, err := Find(t.Context(), nil, &flags.Selection{Recursive: true}, nil, []string{dir})
	if err != nil {
		t.Fatal(err)
	}
	if each := (heap() - before) / files; list.Len() != files || each > most {
		t.Errorf("%d bytes for each of %d files, want at most %d for each of %d", each, list.Len(), most, files)
	}
	first := list.entries.at(0)
	if got, want := first.path(), filepath.Join(dir, "0"); got != want {
		t.Errorf("the first file is %s, want %s", got, want)
	}
}

// heap returns how many bytes of the heap are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // less than the memory of a machine
}

// The argument - is standard input, also beside a file with that name: nothing selects it by what
// the file is.
func TestFindStandardInput(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("-", []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &flags.Selection{}
	cmd := &cobra.Command{Use: "upload"}
	s.RegisterWalk(cmd)
	if err := cmd.Flags().Parse([]string{"--min-size", "10"}); err != nil {
		t.Fatal(err)
	}
	list, err := Find(t.Context(), nil, s, nil, []string{"-"})
	if err != nil {
		t.Fatal(err)
	}
	if list.Len() != 1 || list.entries.at(0).size != 0 {
		t.Errorf("%d files, want standard input without a size", list.Len())
	}
}
