package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"
)

// report contains the results of a run, and writes them as Markdown.
type report struct {
	quick   bool
	floor   int64 // smallest memory that can be measured
	results []*result
}

func (d report) write(w io.Writer) {
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	line("# Benchmarks")
	line("")
	line("Made by `task bench`; do not edit.")
	if d.quick {
		line("")
		line("**A quick run with a sixteenth of the bytes that the titles name. It shows that all programs work, but not how fast they are.**")
	} else {
		line("")
		line("%s", colors)
	}
	d.glance(line)
	line("")
	line("## How it was measured")
	d.sessions(line)
	line("")
	line("%s", strings.TrimSpace(preface))
	if d.floor > 0 {
		line("A memory use below %s cannot be measured.", mebibytes(d.floor))
	}
	line("The figures are in [benchmarks.json](benchmarks.json), and `task bench:charts` makes this page from it.")
	d.targets(line)
	for _, r := range d.results {
		section(r, line)
	}
}

// sessions writes when and on which machines the rows ran.
func (d report) sessions(line func(string, ...any)) {
	var all []*session
	rows := map[*session][]string{}
	for _, r := range d.results {
		if rows[r.session] == nil {
			all = append(all, r.session)
		}
		rows[r.session] = append(rows[r.session], r.name)
	}
	for _, s := range all {
		line("")
		if len(all) > 1 {
			line("The rows %s:", strings.Join(rows[s], ", "))
			line("")
		}
		line("- %s", s.Made.UTC().Format("2 January 2006, 15:04 UTC"))
		for _, m := range s.Machine {
			line("- %s", m)
		}
		line("- took %v", s.Took.Round(time.Second))
		if s.Note != "" {
			line("- %s", s.Note)
		}
	}
}

const preface = `
Each client and each server is a separate process, connected over loopback. The
clients run in turn, in alternating order, and the store is emptied between runs.
All figures are medians. The column "runs" says how many runs a median has. tusker
runs with its default settings and an empty state folder, and again with
--no-resume. "×" compares the wall time with that of the fastest raw net/http
program of the row. "CPU ×" compares the CPU time of client and server together with
the same program. "Requests" counts the requests that create or send, plus all
others. tusgo, go-tus and tus-js-client run with their default settings and with the
best settings for the row. curl sends each file in one POST and cannot resume.
`

// targets writes the table of targets and their results.
func (d report) targets(line func(string, ...any)) {
	line("")
	line("## Targets")
	line("")
	line("| work | target | measured | |")
	line("| --- | --- | --- | --- |")
	met, missed := 0, 0
	for _, r := range d.results {
		for _, t := range r.targets {
			o := t.check(r)
			verdict := "pass"
			switch {
			case o.value == "":
				verdict = "not measured"
			case o.met:
				met++
			default:
				verdict = "**miss**"
				missed++
			}
			if o.comment != "" {
				verdict += " (" + o.comment + ")"
			}
			if o.value != "" && !o.met && r.bound != "" {
				verdict += ": " + r.bound
			}
			line("| %s | %s | %s | %s |", r.name, t.text, o.value, verdict)
		}
	}
	line("")
	line("%d met, %d missed. %s", met, missed, strings.TrimSpace(reservation))
}

const reservation = `
Client, server and kernel share two cores here, so the wall time of one
program differs by several percent from run to run. A target that is missed by less
than that is not significant. The same is true of a row whose raw program differs as
much from itself.
`

func section(r *result, line func(string, ...any)) {
	line("")
	line("## %s: %s", r.name, r.title)
	line("")
	if r.about != "" {
		line("%s", r.about)
	}
	if r.note != "" {
		line("%s.", r.note)
	}
	if r.rounds == 0 {
		return
	}
	if off := r.itself(); off != 0 {
		line("The raw program against itself: %.3f.", off)
	}
	line("")
	head := "| client | wall | × | CPU client + server | CPU × | memory | requests | connections | runs |"
	rule := "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
	cuts := len(r.relay) > 0 && r.relay[0] == "-reset"
	if cuts {
		head += " cuts | resent | requests per cut | wait per cut |"
		rule += " ---: | ---: | ---: | ---: |"
	}
	line("%s", head)
	line("%s", rule)
	best := r.measure()
	for _, s := range r.series {
		if !s.ok() {
			line("| %s | %s |%s", s.name, escape(cmp.Or(s.failed, s.once)), strings.Repeat(" |", strings.Count(head, "|")-3))
			continue
		}
		text := fmt.Sprintf("| %s | %s | %s | %s + %s | %s | %s | %s | %d | %d |",
			s.name, seconds(s.wall()), ratio(s.wall(), best.wall()),
			seconds(median(s, func(x sample) time.Duration { return x.cpu }).Seconds()),
			seconds(median(s, func(x sample) time.Duration { return x.server }).Seconds()),
			ratio(s.cpu(), best.cpu()), mebibytes(s.memory()), requests(s), s.connections(), s.runs())
		if cuts {
			text += fmt.Sprintf(" %d | %.2f %% | %.1f | %v |",
				median(s, func(x sample) int { return x.link.Cuts }), median(s, resent(r.bytes()))*100,
				median(s, cutRequests), median(s, waited).Round(time.Millisecond/10))
		}
		line("%s", text)
	}
	for _, s := range r.series {
		if s.ok() && s.once != "" {
			line("")
			line("%s failed once: %s", s.name, s.once)
		}
	}
}

// requests returns the number of requests that create or send, and the number of
// all others if there are any.
func requests(s *series) string {
	text := fmt.Sprint(s.data())
	if more := s.requests() - s.data(); more > 0 {
		text += fmt.Sprintf(" + %d", more)
	}
	return text
}

func seconds(s float64) string {
	if s < 1 {
		return fmt.Sprintf("%.0f ms", s*1000)
	}
	return fmt.Sprintf("%.2f s", s)
}

func ratio(a, b float64) string {
	if b == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", a/b)
}

func escape(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
