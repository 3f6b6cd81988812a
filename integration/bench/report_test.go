package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Each row of a table has as many cells as its head, even after failures.
func TestReport(t *testing.T) {
	t.Parallel()
	failed := walls("curl -T", peer)
	failed.failed = "exit status 1: a | b"
	late := &result{row: row{name: "late", title: "Nothing"}, note: "not run: the time limit of the benchmark was reached"}
	now := &session{Machine: []string{"a machine"}, Made: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Took: 90 * time.Second}
	d := report{
		floor: 8 * mib,
		results: []*result{
			{
				row:    row{name: "null", title: "Work", files: 1, size: 1000, targets: []target{wallTarget(1.05, "tusker"), wallTarget(1.05, "nobody")}},
				series: []*series{walls("raw", raw, 100), walls("tusker", own, 1040), failed}, rounds: 1,
			},
			{
				row:    row{name: "resets", title: "Cuts", files: 1, size: 1000, relay: []string{"-reset", "100"}},
				series: []*series{walls("raw", raw, 100), failed}, rounds: 1,
			},
			late,
		},
	}
	for _, r := range d.results {
		r.session = now
	}
	var b strings.Builder
	d.write(&b)
	text := b.String()
	for _, want := range []string{
		"- 2 January 2026, 03:04 UTC\n", "- took 1m30s\n", "A memory use below 8.0 MiB",
		"| null | tusker: wall time ≤ 1.05 × best raw | 10.40 × | **miss** |",
		"| null | nobody: wall time ≤ 1.05 × best raw |  | not measured (nobody has no figures) |",
		"0 met, 1 missed.", "| tusker | 1.04 s | 10.40 | ", `| curl -T | exit status 1: a \| b |`, "not run: the time limit of the benchmark was reached.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	cells := 0
	for line := range strings.Lines(text) {
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		switch {
		case n == 0:
			cells = 0
		case cells == 0:
			cells = n
		case cells != n:
			t.Errorf("%d cells in a table of %d: %s", n, cells, line)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestLastLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, said, want string }{
		{"empty", "", ""},
		{"a hint", "a warning\ntusker: upload: no\nhint: try again", "tusker: upload: no"},
		{"a panic", "panic: no\n\ngoroutine 1\nexit 2", "panic: no"},
	} {
		if diff := cmp.Diff(tt.want, lastLine([]byte(tt.said))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
