package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// Each row of a table has as many cells as its head, and the JSON has the same figures.
func TestGrowthReport(t *testing.T) {
	t.Parallel()
	all := growthCurves()
	for i := range all {
		for j := range all[i].Clients {
			for _, x := range all[i].xs {
				all[i].Clients[j].Points = append(all[i].Clients[j].Points, point{X: x, Wall: time.Second, CPU: 500 * time.Millisecond, Runs: 3})
			}
		}
	}
	r := growthReport{Made: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Machine: []string{"a machine"}, Curves: all}
	var text, data strings.Builder
	r.write(&text)
	r.writeJSON(&data)
	cells := 0
	for line := range strings.Lines(text.String()) {
		n := strings.Count(line, "|")
		if n == 0 {
			cells = 0
			continue
		}
		if cells == 0 {
			cells = n
		}
		if n != cells {
			t.Errorf("%d cells, want %d: %s", n-1, cells-1, line)
		}
	}
	for _, want := range []string{"## files: ", "| 1,000,000 | tusker | 1.00 s | 500 ms |", "| 64 GiB | tusker | 1.00 s |", "- 2 January 2026, 03:04 UTC"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the report has no %q:\n%s", want, text.String())
		}
	}
	var again growthReport
	if err := json.Unmarshal([]byte(data.String()), &again); err != nil {
		t.Fatal(err)
	}
	if got := again.Curves[0].Clients[1].Points[4]; got.X != 1_000_000 || got.Wall != time.Second || got.Runs != 3 {
		t.Errorf("the JSON has the point %+v", got)
	}
}

// The two largest quantities run once, because they take minutes.
func TestGrowthRuns(t *testing.T) {
	t.Parallel()
	c := curves{xs: powers(10, 10_000)}
	for x, want := range map[int64]int{10: 3, 100: 3, 1000: 1, 10_000: 1} {
		if got := c.runsOf(x); got != want {
			t.Errorf("%d runs at %d, want %d", got, x, want)
		}
	}
}
