package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/integration/bench/internal/control"
)

func TestTargets(t *testing.T) {
	t.Parallel()
	failed := walls("tusker", own, 10)
	failed.failed = "exit status 2"
	cut := walls("tusker", own, 10)
	cut.samples[0].store.Requests = map[string]int{"POST": 1, "PATCH": 11, "HEAD": 10}
	cut.samples[0].link = control.Stats{Received: 1010, Cuts: 10, Waited: 700 * time.Millisecond}
	big := walls("tusker", own, 10)
	big.samples[0].memory = 25 * mib

	tests := []struct {
		name   string
		target target
		series []*series
		want   outcome
	}{
		{"within", wallTarget(1.05, "tusker"), []*series{walls("raw", raw, 100), walls("tusker", own, 105)}, outcome{"1.05 ×", true, ""}},
		{"beyond", wallTarget(1.05, "tusker"), []*series{walls("raw", raw, 100), walls("tusker", own, 106)}, outcome{"1.06 ×", false, ""}},
		{
			"the measure is in doubt", wallTarget(1.05, "tusker"),
			[]*series{walls("raw", raw, 100), walls("again", check, 104), walls("tusker", own, 100)},
			outcome{"1.00 ×", true, "the raw program against itself is 1.04"},
		},
		{"no baseline", wallTarget(1.05, "tusker"), []*series{walls("tusker", own, 10)}, outcome{comment: "no raw program has figures"}},
		{"failed", wallTarget(1.05, "tusker"), []*series{walls("raw", raw, 10), failed}, outcome{comment: "tusker has no figures"}},
		{"absent", wallTarget(1.05, "tusker"), []*series{walls("raw", raw, 10)}, outcome{comment: "tusker has no figures"}},
		{"memory", memoryTarget(24*mib, "tusker"), []*series{big}, outcome{"25.0 MiB", false, ""}},
		{
			"the fastest peer counts", peerTarget("tusker"),
			[]*series{walls("tusker", own, 100), walls("slow", peer, 200), walls("fast", peer, 50)},
			outcome{"2.00 × fast", false, ""},
		},
		{
			"equal to the fastest peer", peerTarget("tusker"),
			[]*series{walls("tusker", own, 102), walls("fast", peer, 100)},
			outcome{"1.02 × fast", true, ""},
		},
		{
			"side by side", fasterTarget(3.7, "tusker --parallel 4", "tusker"),
			[]*series{walls("tusker", variant, 400), walls("tusker --parallel 4", own, 100)},
			outcome{"4.00 ×", true, ""},
		},
		{
			"the best fixed number", bestFixedTarget(0.9, "tusker --parallel auto"),
			[]*series{
				walls("tusker --parallel 4", variant, 400), walls("tusker --parallel 8", variant, 200), walls("tusker", variant, 1),
				walls("tusker --parallel auto", own, 250),
			},
			outcome{"80 % of tusker --parallel 8", false, ""},
		},
		{"resent", resentTarget(0.01, "tusker"), []*series{cut}, outcome{"1.00 %", true, ""}},
		{"requests per cut", cutRequestsTarget(2, "tusker"), []*series{cut}, outcome{"2.0", true, ""}},
		{"wait per cut", waitTarget(60*time.Millisecond, "tusker"), []*series{cut}, outcome{"70ms", false, ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := &result{row: row{files: 1, size: 1000}, series: tt.series}
			if diff := cmp.Diff(tt.want, tt.target.check(r), cmp.AllowUnexported(outcome{})); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}
