package main

import (
	"fmt"
	"path"
	"strings"
)

// scenarios says in plain words what the clients of each row do.
var scenarios = map[string]string{
	"null":          "One file of 2 GiB, to a server that stores nothing",
	"tusd":          "One file of 512 MiB to tusd, the reference server",
	"tls":           "One file of 2 GiB over TLS",
	"tls-tusd":      "One file of 512 MiB over TLS to tusd",
	"http2":         "One file of 512 MiB over HTTP/2",
	"stdin":         "1 GiB from a pipe",
	"files-1":       "2,000 small files, one after the other",
	"files-16":      "2,000 small files, 16 at a time",
	"files-16-tusd": "2,000 small files to tusd, 16 at a time",
	"far":           "64 MiB to a server that is 50 ms away",
	"parallel":      "256 MiB over a network that limits each connection",
	"auto":          "1 GiB over such a network, with an automatic number of connections",
	"auto-fast":     "1 GiB over a fast network, with an automatic number of connections",
	"resets":        "32 MiB over connections that break after 3 MiB",
	"copy":          "Ways of a Go program to send a file of 2 GiB",
	"copy-tusd":     "Ways of a Go program to send a file into tusd",
	"copy-tls":      "Ways of a Go program to send a file over TLS",
	"copy-http2":    "Ways of a Go program to send a file over HTTP/2",
}

// chartsDir is the folder of the charts, beside the report.
const chartsDir = "images"

// colors says what the colors of the charts mean, on light and on dark pages.
const colors = "Blue bars are tusker, and orange bars are other clients. Gray bars are bare net/http programs and other settings, to compare with."

// glance writes the chart of each row, and a sentence about it.
func (d report) glance(line func(string, ...any)) {
	for _, r := range d.results {
		if r.rounds == 0 {
			continue
		}
		line("")
		line("**%s.** %s", scenarios[r.name], r.sentence())
		if d.quick {
			continue // a quick run draws no charts
		}
		line("")
		picture(line, "benchmarks-"+r.name, "Bars with the wall time and the memory of each client: "+r.title)
	}
}

// picture writes a picture that has a version for dark pages.
func picture(line func(string, ...any), name, alt string) {
	line("<picture>")
	line(`  <source media="(prefers-color-scheme: dark)" srcset="%s">`, path.Join(chartsDir, name+"-dark.svg"))
	line(`  <img alt="%s" src="%s">`, alt, path.Join(chartsDir, name+".svg"))
	line("</picture>")
}

// sentence compares the first settings of tusker with the fastest raw program and the
// fastest other client of the row. Without them, it compares the fastest with the slowest.
func (r *result) sentence() string {
	tusker, peer := r.first(own), r.fastest(peer)
	var others []string
	if best := r.measure(); best != nil && tusker != nil {
		others = append(others, fmt.Sprintf("the fastest bare net/http program takes %s", seconds(best.wall())))
	}
	if peer != nil && tusker != nil {
		others = append(others, fmt.Sprintf("the fastest other client (%s) takes %s", peer.name, seconds(peer.wall())))
	}
	if one := r.fastest(variant); one != nil && tusker != nil && len(others) < 2 {
		others = append(others, fmt.Sprintf("%s takes %s", one.name, seconds(one.wall())))
	}
	if tusker != nil && len(others) > 0 {
		return fmt.Sprintf("%s takes %s; %s.", tusker.name, seconds(tusker.wall()), strings.Join(others, ", and "))
	}
	fast, slow := r.extremes()
	if fast == nil {
		return "No client has figures."
	}
	return fmt.Sprintf("The fastest (%s) takes %s, and the slowest (%s) takes %s.", fast.name, seconds(fast.wall()), slow.name, seconds(slow.wall()))
}

// first returns the first contestant of a kind that has figures, or nil.
func (r *result) first(k kind) *series {
	for _, s := range r.series {
		if s.kind == k && s.ok() {
			return s
		}
	}
	return nil
}

// fastest returns the fastest contestant of a kind, or nil.
func (r *result) fastest(k kind) *series {
	var best *series
	for _, s := range r.series {
		if s.kind == k && s.ok() && (best == nil || s.wall() < best.wall()) {
			best = s
		}
	}
	return best
}

// extremes returns the fastest and the slowest contestant, or nil.
func (r *result) extremes() (fast, slow *series) {
	for _, s := range r.series {
		if !s.ok() || s.kind == check {
			continue
		}
		if fast == nil || s.wall() < fast.wall() {
			fast = s
		}
		if slow == nil || s.wall() > slow.wall() {
			slow = s
		}
	}
	return fast, slow
}
