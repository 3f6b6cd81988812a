package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// row is one task that all its contestants do.
type row struct {
	name  string
	title string
	about string // more facts for the reader
	bound string // reason for missed targets, found with a profile

	files       int
	size        int64 // of each file, in bytes
	concurrency int
	stdin       bool

	server []string // arguments of the server program
	relay  []string // arguments of a relay in front of the server; nil: no relay

	rounds      int
	limit       time.Duration // no round begins that would exceed the limit
	contestants []contestant
	targets     []target
}

// quick returns a version of the row that runs in seconds.
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

// repeated returns the row with a number of rounds for each contestant.
func (r row) repeated(rounds int) row {
	r.rounds, r.limit = rounds, time.Hour
	r.contestants = slices.Clone(r.contestants)
	for i := range r.contestants {
		r.contestants[i].rounds = 0
	}
	return r
}

func (r row) bytes() int64 { return int64(r.files) * r.size }

// choose returns the rows whose names are wanted, or begin with a wanted name and a
// dash. Without a name, it returns all rows.
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
