//go:build linux

package chaos

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Result says that a fleet has uploaded an item.
type Result struct{ Name, URL string }

// Verdict is what the store of the server says about a run. Each list has the names of the
// items concerned.
type Verdict struct {
	Lost     []string // items without a finished upload
	Twice    []string // items with several finished uploads
	Wrong    []string // items whose finished upload or result has other bytes than the file
	Missing  []string // items without a result
	Repeated []string // items with several results
	Foreign  []string // finished uploads that belong to no item
	Partial  []string // unfinished uploads with bytes

	// Orphans is the number of unfinished uploads without bytes. They are no fault.
	Orphans int
}

// Err returns nil if the verdict has no fault.
func (v Verdict) Err() error {
	var all []error
	add := func(what string, names []string) {
		if len(names) > 0 {
			all = append(all, fmt.Errorf("%d %s: %q", len(names), what, names[:min(5, len(names))]))
		}
	}
	add("lost", v.Lost)
	add("finished twice", v.Twice)
	add("with wrong bytes", v.Wrong)
	add("missing in the results", v.Missing)
	add("several times in the results", v.Repeated)
	add("finished uploads of no item", v.Foreign)
	add("unfinished uploads with bytes", v.Partial)
	return errors.Join(all...)
}

// upload is an upload in the folder of the server.
type upload struct {
	ID             string
	Size           int64
	SizeIsDeferred bool
	MetaData       map[string]string
	stored         int64 // bytes on disk
}

func (u upload) finished() bool { return !u.SizeIsDeferred && u.stored == u.Size }

// readStore reads the descriptions of all uploads in a folder of tusd. Files with bytes and
// without a description are uploads whose creation was killed.
func readStore(dir string) ([]upload, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	described := make(map[string]upload)
	sizes := make(map[string]int64)
	for _, e := range entries {
		id, isInfo := strings.CutSuffix(e.Name(), ".info")
		if !isInfo {
			info, err := e.Info()
			if err != nil {
				return nil, err
			}
			sizes[id] = info.Size()
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		u := upload{SizeIsDeferred: true}
		if len(b) > 0 { // The server was killed while it wrote the file.
			if err := json.Unmarshal(b, &u); err != nil {
				return nil, fmt.Errorf("%s: %w", e.Name(), err)
			}
		}
		u.ID = id
		described[id] = u
	}
	var out []upload
	for id, size := range sizes {
		u, ok := described[id]
		if !ok {
			u = upload{ID: id, SizeIsDeferred: true}
		}
		u.stored = size
		out = append(out, u)
	}
	return out, nil
}

// Judge compares the folder of a tus server with the items and with the results of a fleet.
//
// A finished upload belongs to the item whose result names it. Other finished uploads belong
// to the item with the file name in their metadata, or else with their bytes.
func Judge(store string, items []Item, results []Result) (Verdict, error) {
	uploads, err := readStore(store)
	if err != nil {
		return Verdict{}, err
	}
	var v Verdict
	byID := make(map[string]upload)
	for _, u := range uploads {
		byID[u.ID] = u
		switch {
		case u.finished():
		case u.stored == 0:
			v.Orphans++
		default:
			v.Partial = append(v.Partial, u.ID)
		}
	}
	j := judge{store: store, owner: make(map[string]int), finished: make([][]upload, len(items))}
	j.index(items)
	named := make([]int, len(items)) // results of the item
	for _, r := range results {
		i, ok := j.byName[path.Base(r.Name)]
		if !ok {
			v.Foreign = append(v.Foreign, r.Name)
			continue
		}
		named[i]++
		u, ok := byID[idOf(r.URL)]
		if !ok || !u.finished() {
			v.Wrong = append(v.Wrong, r.Name)
			continue
		}
		if was, ok := j.owner[u.ID]; ok && was != i {
			v.Wrong = append(v.Wrong, r.Name) // two items have one upload
		}
		j.owner[u.ID] = i
	}
	for _, u := range uploads {
		if !u.finished() {
			continue
		}
		if err := j.assign(u, &v); err != nil {
			return Verdict{}, err
		}
	}
	for i, item := range items {
		if err := j.item(item, j.finished[i], named[i], &v); err != nil {
			return Verdict{}, err
		}
	}
	for _, names := range []*[]string{&v.Lost, &v.Twice, &v.Wrong, &v.Missing, &v.Repeated, &v.Foreign, &v.Partial} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	return v, nil
}

// judge finds the item of an upload.
type judge struct {
	store    string
	byName   map[string]int // by the last part of the name
	bySum    map[[32]byte]int
	owner    map[string]int // of an upload, by the results
	finished [][]upload     // of each item
}

func (j *judge) index(items []Item) {
	j.byName, j.bySum = make(map[string]int), make(map[[32]byte]int)
	for i, item := range items {
		j.byName[path.Base(item.Name)] = i
		j.bySum[item.Sum] = i
	}
}

// assign gives a finished upload to an item.
func (j *judge) assign(u upload, v *Verdict) error {
	i, ok := j.owner[u.ID]
	for _, key := range []string{"filename", "name"} {
		if !ok && u.MetaData[key] != "" {
			i, ok = j.byName[path.Base(u.MetaData[key])]
		}
	}
	if !ok {
		_, sum, err := sumOf(filepath.Join(j.store, u.ID))
		if err != nil {
			return err
		}
		i, ok = j.bySum[sum]
	}
	if !ok {
		v.Foreign = append(v.Foreign, u.ID)
		return nil
	}
	j.finished[i] = append(j.finished[i], u)
	return nil
}

// item judges the finished uploads and the results of one item.
func (j *judge) item(item Item, uploads []upload, results int, v *Verdict) error {
	if len(uploads) == 0 {
		v.Lost = append(v.Lost, item.Name)
	}
	if len(uploads) > 1 {
		v.Twice = append(v.Twice, item.Name)
	}
	if results == 0 {
		v.Missing = append(v.Missing, item.Name)
	}
	if results > 1 {
		v.Repeated = append(v.Repeated, item.Name)
	}
	for _, u := range uploads {
		size, sum, err := sumOf(filepath.Join(j.store, u.ID))
		if errors.Is(err, fs.ErrNotExist) {
			v.Lost = append(v.Lost, item.Name)
			continue
		}
		if err != nil {
			return err
		}
		if size != item.Size || sum != item.Sum {
			v.Wrong = append(v.Wrong, item.Name)
		}
	}
	return nil
}

// idOf returns the ID of an upload: the last part of its URL.
func idOf(uploadURL string) string {
	u, err := url.Parse(uploadURL)
	if err != nil {
		return ""
	}
	return path.Base(u.Path)
}
