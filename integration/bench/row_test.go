package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestChoose(t *testing.T) {
	t.Parallel()
	rows := []row{{name: "copy"}, {name: "copy-tls"}, {name: "copying"}, {name: "null"}}
	tests := []struct {
		name   string
		wanted []string
		want   []string
		err    string
	}{
		{name: "all", want: []string{"copy", "copy-tls", "copying", "null"}},
		{name: "a name", wanted: []string{"null"}, want: []string{"null"}},
		{name: "a prefix", wanted: []string{"copy"}, want: []string{"copy", "copy-tls"}},
		{name: "several", wanted: []string{"null", "copy-tls"}, want: []string{"copy-tls", "null"}},
		{name: "unknown", wanted: []string{"null", "nil"}, err: `no row "nil"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := choose(rows, tt.wanted)
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("error %v, want %q", err, tt.err)
			}
			var names []string
			for _, r := range got {
				names = append(names, r.name)
			}
			if diff := cmp.Diff(tt.want, names); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

// A target names a contestant of its row, and names are unique.
func TestRows(t *testing.T) {
	t.Parallel()
	var total time.Duration
	for _, r := range allRows() {
		total += r.limit
		out := &result{row: r}
		for _, c := range r.contestants {
			if out.of(c.name) != nil {
				t.Errorf("%s: two contestants have the name %q", r.name, c.name)
			}
			s := walls(c.name, c.kind, 10)
			s.samples[0].memory, s.samples[0].cpu = 1, time.Second
			out.series = append(out.series, s)
		}
		for _, target := range r.targets {
			if o := target.check(out); o.value == "" {
				t.Errorf("%s: %s: %s", r.name, target.text, o.comment)
			}
		}
	}
	if total > 15*time.Minute {
		t.Errorf("the time limits of all rows have a sum of %v", total)
	}
}

// The files to send are the last arguments of a contestant, and the endpoint is
// among the arguments.
func TestCommands(t *testing.T) {
	t.Parallel()
	here := &tools{raw: "/raw", tusgo: "/tusgo", gotus: "/gotus", tusker: "/tusker", curl: "/curl", node: "/node", script: "/script"}
	s := site{url: "https://host/files/", ca: "/ca.pem", files: []string{"/a", "/b"}, pattern: "/[a-b]", size: 5, concurrency: 16, state: "/state"}
	tests := []struct {
		c    contestant
		want string
	}{
		{raws(raw, "raw", "-mode", "post"), "/raw -endpoint https://host/files/ -concurrency 16 -size 5 -cacert /ca.pem -mode post /a /b"},
		{tusker(own, "--no-resume"), "/tusker upload --concurrency 16 --cacert /ca.pem --no-resume https://host/files/ /a /b XDG_STATE_HOME=/state"},
		{tusgo(), "/tusgo -endpoint https://host/files/ -concurrency 16 -size 5 -cacert /ca.pem /a /b"},
		{gotus("-best"), "/gotus -endpoint https://host/files/ -concurrency 16 -size 5 -cacert /ca.pem -best /a /b"},
		{tusJS("-best"), "/node /script --endpoint https://host/files/ --concurrency 16 --size 5 --cacert /ca.pem --best /a /b NODE_EXTRA_CA_CERTS=/ca.pem"},
		{curl(), "/curl -sS --fail -X POST -H Tus-Resumable: 1.0.0 -H Content-Type: application/offset+octet-stream -H Upload-Length: 5 -H Expect: --cacert /ca.pem -Z --parallel-max 16 -T /[a-b] https://host/files"},
	}
	for _, tt := range tests {
		t.Run(tt.c.name, func(t *testing.T) {
			t.Parallel()
			line := tt.c.args(here, s)
			if diff := cmp.Diff(tt.want, strings.Join(slices.Concat(line.args, line.env), " ")); diff != "" {
				t.Errorf("command (-want +got):\n%s", diff)
			}
			if line := tt.c.args(&tools{}, s); tt.c.kind == peer && len(line.args) > 0 {
				t.Errorf("got the command %q without the program, want none", line.args)
			}
		})
	}
}
