package app

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// unfinished is a row of the table of records. There may be many.
type unfinished struct {
	key     string
	short   int // length of the shortest prefix that only this key has
	updated time.Time
	offset  int64
	sent    int64 // above offset if the server has not said how much it has
	length  protocol.Length
	source  string
	url     string // redacted
	account string
	refused int // status of the refusal; 0: not refused
}

func newUnfinished(r *client.Record) unfinished {
	u := unfinished{key: r.Key, updated: r.Updated, offset: r.Offset, sent: r.Sent, length: r.Length, source: r.Source, account: r.Account, refused: refusedWith(r)}
	switch {
	case r.URL != "":
		u.url = output.RedactURL(r.URL)
	default:
		u.url = fmt.Sprintf("%d parts", len(r.Parts))
		if r.Endpoint != "" {
			u.url += " at " + output.RedactURL(r.Endpoint)
		}
	}
	return u
}

// refusedWith returns the status with which the server refused the upload or a part
// of it, or 0.
func refusedWith(r *client.Record) int {
	if r.Denial.Refused {
		return r.Denial.StatusCode
	}
	for _, p := range r.Parts {
		if p.Denial.Refused {
			return p.Denial.StatusCode
		}
	}
	return 0
}

// unfinishedTable sorts all records and returns the rows under a heading. Rows with short
// keys, accounts and amounts fit into width columns.
func unfinishedTable(all []unfinished, now time.Time, width int) func(yield func([]string) bool) {
	all = abbreviate(all)
	slices.SortFunc(all, func(a, b unfinished) int {
		return cmp.Or(a.updated.Compare(b.updated), cmp.Compare(a.key, b.key))
	})
	heading := []string{"KEY", "AGE", "PROGRESS", "FILE", "UPLOAD"}
	// Most people have one account.
	accounts := slices.ContainsFunc(all, func(u unfinished) bool { return u.account != "" })
	if accounts {
		heading = append(heading, "ACCOUNT")
	}
	folder, _ := os.Getwd()
	row := func(u *unfinished) []string {
		row := u.row(now, folder)
		if accounts {
			row = append(row, output.Escape(u.account))
		}
		return row
	}
	widths := make([]int, len(heading))
	measure := func(row []string) {
		for i, text := range row {
			widths[i] = max(widths[i], output.Width(text))
		}
	}
	measure(heading)
	for i := range all {
		measure(row(&all[i]))
	}
	file, url := share(widths, width)
	return func(yield func([]string) bool) {
		if !yield(heading) {
			return
		}
		for i := range all {
			row := row(&all[i])
			row[columnFile] = output.Shorten(row[columnFile], file, 0)
			row[columnUpload] = output.Shorten(row[columnUpload], url, url/2)
			if !yield(row) {
				return
			}
		}
	}
}

// The columns of the table that are shortened.
const (
	columnFile   = 3
	columnUpload = 4
)

// leastColumn is the smallest useful width of a column that is shortened.
const leastColumn = 16

// share returns how wide the columns FILE and UPLOAD may be, if all columns need these widths
// and a row may have width columns. FILE gets at most two thirds of the room if UPLOAD needs
// more than the rest.
func share(widths []int, width int) (file, url int) {
	const gap = 2
	room := width
	for i, n := range widths {
		if i > 0 {
			room -= gap
		}
		if i != columnFile && i != columnUpload {
			room -= n
		}
	}
	file, url = widths[columnFile], widths[columnUpload]
	if file+url > room {
		file = min(file, max(leastColumn, room-url, room*2/3))
		url = min(url, max(leastColumn, room-file))
	}
	return file, url
}

// row returns the columns of u. A source below folder is relative to it.
func (u *unfinished) row(now time.Time, folder string) []string {
	age := "unknown"
	if !u.updated.IsZero() {
		age = units.FormatAge(now.Sub(u.updated))
	}
	known := max(u.offset, u.sent)
	progress := units.FormatSize(known)
	if n, ok := u.length.Int64(); ok {
		progress = fmt.Sprintf("%d%% of %s", int(percent(known, n)), units.FormatSize(n))
	}
	if u.sent > u.offset {
		progress = "≤" + progress // the server has not said how much of it arrived
	}
	if u.refused != 0 {
		progress = fmt.Sprintf("refused (%d)", u.refused)
	}
	source := "unknown"
	if u.source != "" {
		source = output.Escape(relativeTo(folder, u.source))
	}
	return []string{u.key[:u.short], age, progress, source, output.Escape(u.url)}
}

// relativeTo returns path relative to folder if it is below it, and else unchanged.
func relativeTo(folder, path string) string {
	below, err := filepath.Rel(folder, path)
	if folder == "" || err != nil || !filepath.IsLocal(below) {
		return path
	}
	return below
}

// shortKey is the smallest number of bytes of a key that are shown.
const shortKey = 8

// abbreviate sorts all records by key and finds the shortest unique prefix of each
// key. It removes duplicate keys.
func abbreviate(all []unfinished) []unfinished {
	slices.SortStableFunc(all, func(a, b unfinished) int { return cmp.Compare(a.key, b.key) })
	all = slices.CompactFunc(all, func(a, b unfinished) bool { return a.key == b.key })
	for i := range all {
		u := &all[i]
		u.short = shortKey
		if i > 0 {
			u.short = max(u.short, common(u.key, all[i-1].key)+1)
		}
		if i+1 < len(all) {
			u.short = max(u.short, common(u.key, all[i+1].key)+1)
		}
		// A complete key is always unique, even if another key begins with it.
		u.short = min(u.short, len(u.key))
	}
	return all
}

// common returns the length of the common prefix of a and b.
func common(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}
