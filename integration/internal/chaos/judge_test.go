//go:build linux

package chaos_test

import (
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/integration/internal/chaos"
)

// stored is an upload in the folder of a server.
type stored struct {
	id, bytes string
	size      int // -1: deferred
	filename  string
	noInfo    bool // the server was killed before it wrote the description
	emptyInfo bool // or while it wrote the description
}

func writeStore(t *testing.T, uploads []stored) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, u := range uploads {
		write(u.id, []byte(u.bytes))
		if u.noInfo {
			continue
		}
		info := map[string]any{"ID": u.id, "Size": max(0, u.size), "SizeIsDeferred": u.size < 0, "MetaData": map[string]string{"filename": u.filename}}
		b, err := json.Marshal(info)
		if err != nil {
			t.Fatal(err)
		}
		if u.emptyInfo {
			b = nil
		}
		write(u.id+".info", b)
	}
	return dir
}

// The judge finds each kind of fault in a store with the files "a" and "dir/b".
func TestJudge(t *testing.T) {
	item := func(name, bytes string) chaos.Item {
		return chaos.Item{Name: name, Size: int64(len(bytes)), Sum: sha256.Sum256([]byte(bytes))}
	}
	items := []chaos.Item{item("a", "first"), item("dir/b", "second")}
	a := stored{id: "1", bytes: "first", size: 5, filename: "a"}
	b := stored{id: "2", bytes: "second", size: 6, filename: "b"}
	const base = "http://127.0.0.1:1080/files/"
	both := []chaos.Result{{Name: "a", URL: base + "1"}, {Name: "dir/b", URL: base + "2"}}
	tests := map[string]struct {
		uploads []stored
		results []chaos.Result
		want    chaos.Verdict
	}{
		"no fault": {[]stored{a, b}, both, chaos.Verdict{}},
		"orphans": {
			[]stored{a, b, {id: "3", size: 5}, {id: "4", size: -1}, {id: "5", noInfo: true}, {id: "6", emptyInfo: true}},
			both,
			chaos.Verdict{Orphans: 4},
		},
		"partial": {[]stored{a, b, {id: "3", bytes: "fir", size: 5, filename: "a"}}, both, chaos.Verdict{Partial: []string{"3"}}},
		"twice, same name": {
			[]stored{a, b, {id: "3", bytes: "first", size: 5, filename: "a"}}, both, chaos.Verdict{Twice: []string{"a"}},
		},
		"twice, same bytes": {
			[]stored{a, b, {id: "3", bytes: "second", size: 6}}, both, chaos.Verdict{Twice: []string{"dir/b"}},
		},
		"lost":    {[]stored{a}, both[:1], chaos.Verdict{Lost: []string{"dir/b"}, Missing: []string{"dir/b"}}},
		"missing": {[]stored{a, b}, both[1:], chaos.Verdict{Missing: []string{"a"}}},
		"wrong bytes": {
			[]stored{a, {id: "2", bytes: "sEcond", size: 6, filename: "b"}}, both, chaos.Verdict{Wrong: []string{"dir/b"}},
		},
		"the result names an unfinished upload": {
			[]stored{a, {id: "2", size: 6, filename: "b"}},
			both,
			chaos.Verdict{Lost: []string{"dir/b"}, Wrong: []string{"dir/b"}, Orphans: 1},
		},
		"the result names the upload of another item": {
			[]stored{a, b},
			[]chaos.Result{both[0], {Name: "dir/b", URL: base + "1"}},
			chaos.Verdict{Lost: []string{"a"}, Wrong: []string{"dir/b"}, Twice: []string{"dir/b"}},
		},
		"two results": {[]stored{a, b}, append(both, both[0]), chaos.Verdict{Repeated: []string{"a"}}},
		"foreign":     {[]stored{a, b, {id: "3", bytes: "third", size: 5}}, both, chaos.Verdict{Foreign: []string{"3"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := chaos.Judge(writeStore(t, test.uploads), items, test.results)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
			harmless := len(test.want.Lost)+len(test.want.Twice)+len(test.want.Wrong)+len(test.want.Missing)+
				len(test.want.Repeated)+len(test.want.Foreign)+len(test.want.Partial) == 0
			if (got.Err() == nil) != harmless {
				t.Errorf("error %v", got.Err())
			}
		})
	}
}
