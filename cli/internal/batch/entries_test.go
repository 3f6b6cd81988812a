package batch

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/flags"
)

// A list returns each entry as it was added, and sorted ones in their order.
func TestEntries(t *testing.T) {
	t.Parallel()
	one, two := &folder{path: "one"}, &folder{path: "two"}
	all := []entry{
		{name: "named", size: 1, modified: 2},
		{in: one, below: "a", size: 3, modified: 4},
		{in: one, below: "d/b", size: 9, modified: 6},
		{in: two, below: "d/b", modified: 7},
		{in: two, below: "d/e/" + strings.Repeat("c", 255)},
		{name: strings.Repeat("long/", 20_000)},
		{name: "", err: errors.ErrUnsupported},
		{name: "remote", remote: &remoteFile{file: "s3://b/k"}, size: 8, modified: 9},
		{in: one, below: "a"},
	}
	// More names than one block has, and more entries.
	for i := range 2 * entriesInBlock {
		all = append(all, entry{in: one, below: fmt.Sprintf("d%d/%050d", i/3000, i), size: int64(i), modified: int64(i)})
	}
	list := entriesOf(all...)
	if got := slices.Collect(list.all()); !slices.Equal(got, all) || list.len() != len(all) {
		t.Errorf("%d entries differ from those that were added", len(got))
	}
	sorted := &Listing{entries: list}
	sorted.sort(flags.Order{Key: flags.OrderSize, Descending: true})
	sorted.sort(flags.Order{Key: flags.OrderSize})
	want := slices.Clone(all)
	slices.SortStableFunc(want, func(a, b entry) int {
		if a.modified == 0 || b.modified == 0 {
			return known(b) - known(a)
		}
		return int(a.size - b.size)
	})
	for i, e := range want {
		if got := sorted.entries.at(i); got.size != e.size || known(got) != known(e) {
			t.Fatalf("entry %d has %d bytes, want %d", i, got.size, e.size)
		}
	}
}

// A list needs little memory for each file beyond its name.
func TestEntriesMemory(t *testing.T) {
	// The test measures the heap of the process, so it is not parallel.
	const files, name, most = 100_000, 8, 64
	in := &folder{path: "folder"}
	before := heap()
	var list entries
	for i := range files {
		list.add(entry{in: in, below: fmt.Sprintf("%08d", i), id: fileID{}, size: 1, modified: 1})
	}
	if each := (heap() - before) / files; each > name+most {
		t.Errorf("%d bytes for each file, want at most %d beyond its name", each, most)
	}
	runtime.KeepAlive(list)
}
