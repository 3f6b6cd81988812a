package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/tusker-go/tusker/integration/bench/internal/control"
)

// session is one run of the benchmarks on a machine.
type session struct {
	Made    time.Time     `json:"made"`
	Took    time.Duration `json:"took_ns"`
	Machine []string      `json:"machine"`
	Note    string        `json:"note,omitempty"` // what else a reader has to know of the figures
}

// savedReport is the JSON of a report. The report and its charts are made from it without
// another measurement.
type savedReport struct {
	Sessions []session  `json:"sessions"`
	Floor    int64      `json:"floor_bytes"` // smallest memory that can be measured
	Rows     []savedRow `json:"rows"`
}

type savedRow struct {
	Name    string        `json:"name"`
	Session int           `json:"session"` // index of Sessions
	Rounds  int           `json:"rounds"`
	Note    string        `json:"note,omitempty"`
	Series  []savedSeries `json:"series"`
}

type savedSeries struct {
	Name   string `json:"name"`
	Failed string `json:"failed,omitempty"`
	Once   string `json:"failed_once,omitempty"`

	// Runs is the number of runs if Samples has only their median, and 0 if it has them all.
	Runs    int           `json:"runs,omitempty"`
	Samples []savedSample `json:"samples,omitempty"`
}

type savedSample struct {
	Wall        time.Duration `json:"wall_ns"`
	CPU         time.Duration `json:"cpu_ns"`
	MemoryBytes int64         `json:"memory_bytes"`
	Server      time.Duration `json:"server_cpu_ns"`
	Store       control.Stats `json:"server"`
	Link        control.Stats `json:"relay"`
}

// save returns the JSON of a report.
func (d report) save() savedReport {
	out := savedReport{Floor: d.floor}
	index := map[*session]int{}
	for _, r := range d.results {
		if _, ok := index[r.session]; !ok {
			index[r.session] = len(out.Sessions)
			out.Sessions = append(out.Sessions, *r.session)
		}
		row := savedRow{Name: r.name, Session: index[r.session], Rounds: r.rounds, Note: r.note}
		for _, s := range r.series {
			saved := savedSeries{Name: s.name, Failed: s.failed, Once: s.once, Runs: s.medianOf}
			for _, x := range s.samples {
				saved.Samples = append(saved.Samples, savedSample{x.wall, x.cpu, x.memory, x.server, x.store, x.link})
			}
			row.Series = append(row.Series, saved)
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

func (d report) writeJSON(w io.Writer) {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	_ = e.Encode(d.save()) // there is nothing that cannot be encoded
}

// restore returns the report of a JSON, with the texts and targets of these rows. Rows and
// contestants that no longer exist are left out.
func (r savedReport) restore(rows []row) (report, error) {
	out := report{floor: r.Floor}
	for _, definition := range rows {
		i := slices.IndexFunc(r.Rows, func(s savedRow) bool { return s.Name == definition.name })
		if i < 0 {
			continue
		}
		saved := r.Rows[i]
		if saved.Session < 0 || saved.Session >= len(r.Sessions) {
			return out, fmt.Errorf("row %s: there is no session %d", saved.Name, saved.Session)
		}
		res := &result{row: definition, session: &r.Sessions[saved.Session], rounds: saved.Rounds, note: saved.Note}
		for _, c := range definition.contestants {
			j := slices.IndexFunc(saved.Series, func(s savedSeries) bool { return s.Name == c.name })
			if j >= 0 {
				res.series = append(res.series, saved.Series[j].restore(c))
			}
		}
		if len(res.series) == 0 {
			return out, fmt.Errorf("row %s has no contestant that still exists", saved.Name)
		}
		out.results = append(out.results, res)
	}
	return out, nil
}

func (s savedSeries) restore(c contestant) *series {
	out := &series{contestant: c, failed: s.Failed, once: s.Once, medianOf: s.Runs}
	for _, x := range s.Samples {
		out.samples = append(out.samples, sample{usage: usage{x.Wall, x.CPU, x.MemoryBytes}, server: x.Server, store: x.Store, link: x.Link})
	}
	return out
}

// readReport reads the JSON of a report.
func readReport(file string) (report, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return report{}, err
	}
	var saved savedReport
	if err := json.Unmarshal(b, &saved); err != nil {
		return report{}, fmt.Errorf("%s: %w", file, err)
	}
	return saved.restore(allRows())
}

// with returns the report with the rows of an older report that it lacks, in the order of
// allRows.
func (d report) with(old report) report {
	have := map[string]*result{}
	for _, r := range slices.Concat(old.results, d.results) {
		have[r.name] = r
	}
	out := report{floor: max(d.floor, old.floor)}
	for _, r := range allRows() {
		if res := have[r.name]; res != nil {
			out.results = append(out.results, res)
		}
	}
	return out
}
