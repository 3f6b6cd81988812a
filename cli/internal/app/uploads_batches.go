package app

import (
	"cmp"
	"context"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/shell"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client/filestore"
)

// batchJSON is a batch in the JSON of uploads list.
type batchJSON struct {
	Key      string    `json:"key"`
	Account  string    `json:"account,omitempty"`
	Endpoint string    `json:"endpoint,omitempty"`
	Batch    []string  `json:"batch"` // the first names of its command
	Names    int       `json:"names"` // number of all names
	Sent     int       `json:"sent"`
	Updated  time.Time `json:"updated"`
}

func newBatchJSON(b filestore.BatchState) batchJSON {
	return batchJSON{
		Key: b.Key, Account: b.Account, Endpoint: b.Endpoint, Batch: b.Names, Names: b.NameCount, Sent: b.Finished, Updated: b.Updated,
	}
}

// incompleteBatches returns the batches in store, those worked on last at the end. A nil store
// has none. Unreadable ones are reported and left out.
func incompleteBatches(ctx context.Context, a *app, store *filestore.Store) []filestore.BatchState {
	if store == nil {
		return nil
	}
	var all []filestore.BatchState
	for b, err := range store.Batches(ctx) {
		if err != nil {
			a.console.Log.WarnContext(ctx, "batch left out", "err", err)
			continue
		}
		all = append(all, *b)
	}
	slices.SortFunc(all, func(a, b filestore.BatchState) int {
		return cmp.Or(a.Updated.Compare(b.Updated), cmp.Compare(a.Key, b.Key))
	})
	return all
}

// batchColumns is how wide the columns before the last one of a table of batches are, with gaps.
const batchColumns = 32

// batchTable returns the rows of batches under a heading. They fit into width columns, unless
// that is too little.
func batchTable(all []filestore.BatchState, now time.Time, width int) func(yield func([]string) bool) {
	short := make(map[string]int)
	var keys []packed
	for _, b := range all {
		keys = append(keys, pack(unfinished{key: b.Key}))
	}
	for _, p := range abbreviate(keys) {
		short[p.key()] = len(p.shortKey())
	}
	folder, _ := os.Getwd()
	room := max(leastColumn, width-batchColumns)
	return func(yield func([]string) bool) {
		if !yield([]string{"BATCH", "AGE", "SENT", "FILES AND ENDPOINT"}) {
			return
		}
		for _, b := range all {
			var names []string
			for _, name := range b.Names {
				names = append(names, relativeTo(folder, name))
			}
			if more := b.NameCount - len(names); more > 0 {
				names = append(names, strconv.Itoa(more)+" more")
			}
			place := output.RedactURL(b.Endpoint)
			if b.Account != "" {
				place += " of " + output.Escape(b.Account)
			}
			sent := units.FormatCount(b.Finished, "file", "files")
			if !yield([]string{b.Key[:short[b.Key]], units.FormatAge(now.Sub(b.Updated)), sent, filesAt(output.Escape(strings.Join(names, ", ")), place, room)}) {
				return
			}
		}
	}
}

// filesAt joins the names of files and the place that they are sent to in at most width columns.
// If there is too little room, each of them keeps at least half of it.
func filesAt(files, place string, width int) string {
	const at = " at "
	room := width - len(at)
	place = output.Shorten(place, max(room/2, room-output.Width(files)), room/4)
	room -= output.Width(place)
	return output.Shorten(files, room, room/2) + at + place
}

// batchCommand returns the command of a batch, as far as the batch knows it: with the names, the
// endpoint, and -r for folders.
func batchCommand(a *app, b filestore.BatchState) string {
	target := shell.QuoteIfNeeded(output.RedactURL(b.Endpoint), runtime.GOOS)
	if e := a.settings.EndpointsAt(b.Endpoint, b.Account)[0]; e.Name != "" {
		target = e.Name + ":"
	}
	folder, _ := os.Getwd()
	recursive := ""
	var names []string
	for _, name := range b.Names {
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			recursive = "-r "
		}
		if strings.HasPrefix(name, "--") {
			names = append(names, shell.QuoteIfNeeded(name, runtime.GOOS)) // a flag, see flags.Upload.BatchNames
			continue
		}
		names = append(names, shell.QuotePath(relativeTo(folder, name)))
	}
	if more := b.NameCount - len(b.Names); more > 0 {
		names = append(names, "and "+strconv.Itoa(more)+" more")
	}
	return output.Escape("tusker upload " + recursive + target + " " + strings.Join(names, " "))
}
