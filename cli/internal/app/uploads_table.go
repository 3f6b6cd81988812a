package app

import (
	"cmp"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/cli/internal/units"
)

// unfinishedTable sorts all records and returns the rows under a heading, and the widths of their
// columns. Rows with short keys, accounts and amounts fit into width columns.
func unfinishedTable(all []packed, now time.Time, width int) (widths []int, rows iter.Seq[[]string]) {
	all = abbreviate(all)
	slices.SortFunc(all, func(a, b packed) int {
		return cmp.Or(cmp.Compare(a.updated, b.updated), cmp.Compare(a.key(), b.key()))
	})
	heading := []string{"KEY", "AGE", "PROGRESS", "FILE", "UPLOAD"}
	// Most people have one account.
	accounts := slices.ContainsFunc(all, func(p packed) bool { return p.hasAccount })
	if accounts {
		heading = append(heading, "ACCOUNT")
	}
	folder, _ := os.Getwd()
	row := func(p *packed) []string {
		u := p.unpack()
		row := u.row(p.shortKey(), now, folder)
		if accounts {
			row = append(row, output.Escape(u.account))
		}
		return row
	}
	widths = make([]int, len(heading))
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
	widths[columnFile], widths[columnUpload] = file, url
	return widths, func(yield func([]string) bool) {
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

// row returns the columns of u, with key as the key. A source below folder is relative to it.
func (u *unfinished) row(key string, now time.Time, folder string) []string {
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
	return []string{key, age, progress, source, output.Escape(u.url)}
}

// relativeTo returns path relative to folder if it is below it, and else unchanged.
func relativeTo(folder, path string) string {
	if remote.IsName(path) {
		return path
	}
	if n := len(folder); len(path) < n || !strings.EqualFold(path[:n], folder) {
		return path // as most paths of a long list
	}
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
func abbreviate(all []packed) []packed {
	slices.SortStableFunc(all, func(a, b packed) int { return cmp.Compare(a.key(), b.key()) })
	all = slices.CompactFunc(all, func(a, b packed) bool { return a.key() == b.key() })
	for i := range all {
		key, short := all[i].key(), shortKey
		if i > 0 {
			short = max(short, common(key, all[i-1].key())+1)
		}
		if i+1 < len(all) {
			short = max(short, common(key, all[i+1].key())+1)
		}
		// A complete key is always unique, even if another key begins with it.
		all[i].short = uint8(min(short, len(key))) //nolint:gosec // keyLen has the same type
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
