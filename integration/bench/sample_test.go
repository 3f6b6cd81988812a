package main

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/integration/bench/internal/control"
)

// walls returns a series of runs with these wall times in milliseconds.
func walls(name string, k kind, ms ...int) *series {
	s := &series{contestant: contestant{name: name, kind: k}}
	for _, n := range ms {
		s.samples = append(s.samples, sample{usage: usage{wall: time.Duration(n) * time.Millisecond}})
	}
	return s
}

func TestMedian(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		ms   []int
		want time.Duration
	}{
		{"none", nil, 0},
		{"one", []int{7}, 7 * time.Millisecond},
		{"odd", []int{9, 1, 5}, 5 * time.Millisecond},
		{"even is the upper one", []int{4, 1, 3, 2}, 3 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := median(walls("x", raw, tt.ms...), wall); got != tt.want {
				t.Errorf("median is %v, want %v", got, tt.want)
			}
		})
	}
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	broken := walls("broken", raw, 1)
	broken.failed = "exit status 1"
	r := &result{series: []*series{
		walls("slow", raw, 40), walls("fast", raw, 20), broken, walls("again", check, 50), walls("tusker", own, 10),
	}}
	if got := r.measure().name; got != "fast" {
		t.Errorf("measured by %q, want the fastest raw program that works", got)
	}
	if got := r.itself(); got != 1.25 {
		t.Errorf("itself = %v, want 1.25, the check divided by the first raw program", got)
	}
	if got := (&result{}).measure(); got != nil {
		t.Errorf("without raw programs, the baseline is %q", got.name)
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	s := walls("x", own, 1)
	s.samples[0].store = control.Stats{Requests: map[string]int{"POST": 1, "PATCH": 2, "HEAD": 3, "OPTIONS": 1}}
	if diff := cmp.Diff([]int{3, 7}, []int{s.data(), s.requests()}); diff != "" {
		t.Errorf("requests that send, and all (-want +got):\n%s", diff)
	}
	if got := requests(s); got != "3 + 4" {
		t.Errorf("the requests are shown as %q", got)
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	all := []*series{walls("a", raw), walls("b", raw), walls("c", raw)}
	for round, want := range []string{"abc", "cba", "abc"} {
		got := ""
		for _, s := range order(all, round) {
			got += s.name
		}
		if got != want {
			t.Errorf("round %d is %s, want %s", round, got, want)
		}
	}
}

func TestRoundTakes(t *testing.T) {
	t.Parallel()
	once, failed := walls("once", own, 1000), walls("failed", own, 1000)
	once.rounds, failed.failed = 1, "exit status 1"
	all := []*series{walls("a", raw, 10, 20, 30), once, failed}
	for round, want := range []time.Duration{1020 * time.Millisecond, 20 * time.Millisecond} {
		if got := roundTakes(all, round); got != want {
			t.Errorf("round %d takes %v, want %v", round, got, want)
		}
	}
}

func TestFail(t *testing.T) {
	t.Parallel()
	bad := errors.New("bad")
	tests := []struct {
		name  string
		kind  kind
		times int
		ok    bool
	}{
		{"a peer once", peer, 1, true},
		{"a peer twice", peer, 2, false},
		{"tusker once", own, 1, false},
		{"raw once", raw, 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := walls("x", tt.kind, 10)
			for range tt.times {
				s.fail(bad)
			}
			if s.ok() != tt.ok {
				t.Errorf("has figures: %t, want %t", s.ok(), tt.ok)
			}
		})
	}
}
