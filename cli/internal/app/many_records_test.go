package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// An upload costs the same beside many records of other uploads, also if it has a record itself
// and none of an earlier run: no record of another upload is looked at.
func TestUploadBesideManyRecords(t *testing.T) {
	// The test counts allocations of the process, so it is not parallel. To look at one record
	// takes at least one.
	const records = 3000
	for name, size := range map[string]int{"without a record": 1, "with a record": 2 << 20} {
		t.Run(name, func(t *testing.T) {
			few, many := allocationsBeside(t, 1, size), allocationsBeside(t, records, size)
			if many-few > records/2 {
				t.Errorf("%.0f allocations beside %d records, and %.0f beside one, want at most %d more", many, records, few, records/2)
			}
		})
	}
}

// allocationsBeside returns the allocations of an upload of a file of size bytes, with a folder
// that has n records of other uploads.
func allocationsBeside(t *testing.T, n int, size int) float64 {
	t.Helper()
	state := t.TempDir()
	store, err := filestore.New(state)
	if err != nil {
		t.Fatal(err)
	}
	r := &client.Record{Key: "first", URL: "http://tus.example/files/1", Length: protocol.Known(2 << 20)}
	if err := store.Save(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	// Each Save waits for the disk, so the other records are links.
	for i := range n - 1 {
		key := fmt.Sprintf("%064x-%016x", i, i)
		if err := os.Link(filepath.Join(state, "first.json"), filepath.Join(state, key+".json")); err != nil {
			t.Fatal(err)
		}
	}
	name := tempFile(t, strings.Repeat("x", size))
	settled := time.Now().Add(-time.Hour)
	if err := os.Chtimes(name, settled, settled); err != nil {
		t.Fatal(err)
	}
	server := testserver.New(t, testserver.Config{})
	return testing.AllocsPerRun(1, func() {
		std, _, stderr := streamsFor(t)
		if code := Run(t.Context(), []string{"upload", "--state-dir", state, server.URL(), name}, std); code != exit.OK {
			t.Fatalf("code %d, want %v: %s", code, exit.OK, stderr)
		}
	})
}
