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
	bucket, below := &prefix{at: "s3://b/"}, &prefix{at: "s3://b/d/", base: "d"}
	object := func(p *prefix, path, etag string) entry {
		e := p.entry(path, etag)
		e.size, e.modified = 10, 11
		return e
	}
	odd := object(below, "odd", `"1"`)
	odd.name += "?versionId="
	odd.remote.file = odd.name
	all := []entry{
		{name: "named", size: 1, modified: 2},
		{in: one, below: "a", size: 3, modified: 4},
		{in: one, below: "d/b", size: 9, modified: 6},
		{in: two, below: "d/b", modified: 7},
		{in: two, below: "d/e/" + strings.Repeat("c", 255)},
		{name: strings.Repeat("long/", 20_000)},
		{name: "", err: errors.ErrUnsupported},
		{name: "remote", remote: &remoteFile{file: "s3://b/k"}, size: 8, modified: 9},
		object(bucket, "k", `"1"`),
		object(below, "e/k", `"2"`),
		object(below, "e/with\x00zero", `"3"`),
		object(below, "e/", ""),
		odd,
		{in: one, below: "a"},
	}
	// More names than one block has, and more entries.
	for i := range 2 * entriesInBlock {
		all = append(all, entry{in: one, below: fmt.Sprintf("d%d/%050d", i/3000, i), size: int64(i), modified: int64(i)})
	}
	list := entriesOf(all...)
	got := slices.Collect(list.all())
	if list.len() != len(all) || len(got) != len(all) {
		t.Fatalf("%d of %d entries, want %d", len(got), list.len(), len(all))
	}
	for i, want := range all {
		if !isSame(got[i], want) {
			t.Errorf("entry %d is %+v, want %+v", i, got[i], want)
		}
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

// isSame reports whether a and b have the same content.
func isSame(a, b entry) bool {
	if a.remote != nil && b.remote != nil && *a.remote == *b.remote {
		a.remote = b.remote
	}
	return a == b
}

// A list needs little memory for each file beyond its name, and that of an object its ETag.
func TestEntriesMemory(t *testing.T) {
	// The test measures the heap of the process, so it is not parallel.
	const files, name, most = 100_000, 8, 64
	const etag = `"0123456789abcdef0123456789abcdef"`
	in, objects := &folder{path: "folder"}, &prefix{at: "s3://bucket/folder/", base: "folder"}
	kinds := map[string]struct {
		add  func(*entries, string)
		name int64 // bytes of the name and the ETag
	}{
		"files":   {func(l *entries, name string) { l.add(entry{in: in, below: name, size: 1, modified: 1}) }, name},
		"objects": {func(l *entries, name string) { l.add(objects.entry(name, etag)) }, name + int64(len(etag))},
	}
	for kind, test := range kinds {
		before := heap()
		var list entries
		for i := range files {
			test.add(&list, fmt.Sprintf("%08d", i))
		}
		if each := (heap() - before) / files; each > test.name+most {
			t.Errorf("%s: %d bytes for each, want at most %d", kind, each, test.name+most)
		}
		runtime.KeepAlive(list)
	}
}
