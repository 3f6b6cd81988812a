package batch

import (
	"context"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/protocol"
)

func TestMaxConnections(t *testing.T) {
	t.Parallel()
	folder := func(records ...*client.Record) string {
		dir := t.TempDir()
		store, err := filestore.New(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			r := *r // each folder sets a revision
			if err := store.Save(context.Background(), &r); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	key := func(c string) string { return strings.Repeat(c, 64) }
	whole := &client.Record{Key: key("a"), URL: "http://tus.example/files/1", Length: protocol.Known(2)}
	divided := &client.Record{Key: key("b"), Length: protocol.Known(2), Parts: []client.PartRecord{{End: 1}, {Start: 1, End: 2}}}
	tests := map[string]struct {
		dir      string
		parallel flags.Parts
		noResume bool
		want     int
	}{
		"no records":            {t.TempDir() + "/none", 1, false, 3},
		"a record of one piece": {folder(whole), 1, false, 3},
		"a record of parts":     {folder(whole, divided), 1, false, 0},
		"records are ignored":   {folder(whole, divided), 1, true, 3},
		"in parts":              {t.TempDir(), 4, false, 0},
		"auto":                  {t.TempDir(), client.ParallelAuto, false, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			u := &flags.Upload{Concurrency: 3, Parallel: test.parallel}
			u.StateDir, u.NoResume = test.dir, test.noResume
			lookup := func(string) (string, bool) { return "", false }
			if got := MaxConnections(t.Context(), u, lookup); got != test.want {
				t.Errorf("%d, want %d", got, test.want)
			}
		})
	}
}
