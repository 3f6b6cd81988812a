package records

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/protocol"
)

// An upload that is resumed belongs to each batch whose names include its file, for the same
// endpoint and account. A batch that keeps only some of its names, or whose uploads are verified,
// gets none.
func TestResumed(t *testing.T) {
	t.Parallel()
	const endpoint = "https://tus.example/files/"
	folder := t.TempDir()
	file := filepath.Join(folder, "sub", "a")
	var many []string
	for i := range 100 {
		many = append(many, filepath.Join(folder, fmt.Sprint(i)))
	}
	for name, test := range map[string]struct {
		batch    filestore.BatchInfo
		verified bool
		want     bool
	}{
		"the file":            {filestore.BatchInfo{Endpoint: endpoint, Names: []string{"/other", file}}, false, true},
		"its folder":          {filestore.BatchInfo{Endpoint: endpoint, Names: []string{folder}}, false, true},
		"the root":            {filestore.BatchInfo{Endpoint: endpoint, Names: []string{"/"}}, false, filepath.Separator == '/'},
		"a list":              {filestore.BatchInfo{Endpoint: endpoint, Names: []string{"--files-from=/list"}}, false, true},
		"the same beginning":  {filestore.BatchInfo{Endpoint: endpoint, Names: []string{filepath.Join(folder, "su"), file + "b"}}, false, false},
		"another endpoint":    {filestore.BatchInfo{Endpoint: endpoint + "x/", Names: []string{folder}}, false, false},
		"another account":     {filestore.BatchInfo{Endpoint: endpoint, Account: "x", Names: []string{folder}}, false, false},
		"names that are lost": {filestore.BatchInfo{Endpoint: endpoint, Names: append(many, folder)}, false, false},
		"to be verified":      {filestore.BatchInfo{Endpoint: endpoint, Names: []string{folder, "--verify"}}, false, false},
		"verified":            {filestore.BatchInfo{Endpoint: endpoint, Names: []string{folder, "--verify"}}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := filestore.New(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			record := func(key, source string) *client.Record {
				return &client.Record{Key: key, Source: source, Endpoint: endpoint, URL: endpoint + key, Length: protocol.Known(1), Offset: 1}
			}
			batch, err := store.OpenBatch(test.batch, BatchAge)
			if err != nil {
				t.Fatal(err)
			}
			if err := batch.SaveFinished(t.Context(), record("first", "/first")); err != nil {
				t.Fatal(err)
			}
			if err := batch.Close(); err != nil {
				t.Fatal(err)
			}
			l := NewResumed(store, states(t, store), test.verified)
			for _, key := range []string{"a", "b"} {
				if err := l.SaveFinished(t.Context(), record(key, file)); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			got, want := states(t, store), 1
			if test.want {
				want = 3
			}
			if len(got) != 1 || got[0].Finished != want {
				t.Errorf("batches %+v, want one with %d finished uploads", got, want)
			}
		})
	}
}

// states returns the batches of a store.
func states(t *testing.T, store *filestore.Store) (all []filestore.BatchState) {
	t.Helper()
	for b, err := range store.Batches(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, *b)
	}
	return slices.Clip(all)
}
