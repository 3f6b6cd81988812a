package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// row is one kind of work that all its contestants do.
type row struct {
	name  string
	title string
	about string // what a reader has to know besides
	bound string // what keeps it from targets that are missed, found by profile

	files       int
	size        int64 // of each file
	concurrency int
	stdin       bool

	server []string // arguments of the server program
	relay  []string // of a relay before it; nil: none

	rounds      int
	limit       time.Duration // no further round is begun that would pass it
	contestants []contestant
	targets     []target
}

// quick is a row that runs in seconds.
func (r row) quick() row {
	if r.files > 1 {
		r.files /= 10
	} else {
		r.size = max(r.size/16, 8<<20)
	}
	r.rounds = min(r.rounds, 2)
	r.limit /= 8
	return r
}

func (r row) bytes() int64 { return int64(r.files) * r.size }

// choose gives the rows whose names are wanted, or begin with what is wanted and
// a dash. No name is all of them.
func choose(rows []row, wanted []string) ([]row, error) {
	if len(wanted) == 0 {
		return rows, nil
	}
	var out []row
	found := make(map[string]bool)
	for _, r := range rows {
		i := slices.IndexFunc(wanted, func(w string) bool { return r.name == w || strings.HasPrefix(r.name, w+"-") })
		if i >= 0 {
			out = append(out, r)
			found[wanted[i]] = true
		}
	}
	for _, w := range wanted {
		if !found[w] {
			names := make([]string, len(rows))
			for i, r := range rows {
				names[i] = r.name
			}
			return nil, fmt.Errorf("no row %q; there are %s", w, strings.Join(names, ", "))
		}
	}
	return out, nil
}
