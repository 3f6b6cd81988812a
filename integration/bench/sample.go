package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/tusker-go/tusker/integration/bench/internal/control"
)

// sample is one run of a contestant.
type sample struct {
	usage
	server time.Duration // CPU of the server meanwhile
	store  control.Stats
	link   control.Stats // of the relay, where there is one
}

// both is the CPU time of client and server. On loopback the work of receiving
// is charged to whoever happens to run it, so their shares alone mean little.
func (s sample) both() time.Duration { return s.cpu + s.server }

// data counts the requests that create or send, all counts every request.
func (s sample) data() int { return s.store.Requests["POST"] + s.store.Requests["PATCH"] }

func (s sample) all() int {
	n := 0
	for _, count := range s.store.Requests {
		n += count
	}
	return n
}

// series is what a contestant did in a row.
type series struct {
	contestant
	samples []sample
	failed  string // why there are no more
	once    string // why one is missing
}

// fail forgives others one failure, which the report shows: not all of them
// survive what some rows do to them. The raw programs and tusker have to.
func (s *series) fail(err error) {
	if s.kind == peer && s.once == "" {
		s.once = err.Error()
		return
	}
	s.failed = err.Error()
}

// ok tells whether there is something to compare.
func (s *series) ok() bool { return s != nil && len(s.samples) > 0 && s.failed == "" }

// median of what of gives for each sample; 0 without samples.
func median[T cmp.Ordered](s *series, of func(sample) T) T {
	var zero T
	if s == nil || len(s.samples) == 0 {
		return zero
	}
	values := make([]T, len(s.samples))
	for i, x := range s.samples {
		values[i] = of(x)
	}
	slices.Sort(values)
	// Of an even number the upper one of the two: no run is made better by it.
	return values[len(values)/2]
}

func wall(s sample) time.Duration { return s.wall }
func memory(s sample) int64       { return s.memory }
func (s *series) wall() float64   { return median(s, wall).Seconds() }
func (s *series) cpu() float64    { return median(s, sample.both).Seconds() }
func (s *series) memory() int64   { return median(s, memory) }
func (s *series) data() int       { return median(s, sample.data) }
func (s *series) requests() int   { return median(s, sample.all) }
func (s *series) connections() int {
	return median(s, func(x sample) int { return x.store.Connections })
}

// result is a row that has run.
type result struct {
	row
	series []*series
	rounds int
	note   string // why rounds are missing
}

func (r *result) of(name string) *series {
	for _, s := range r.series {
		if s.name == name {
			return s
		}
	}
	return nil
}

// measure is the fastest raw program; nil where none ran.
func (r *result) measure() *series {
	var best *series
	for _, s := range r.series {
		if s.kind == raw && s.ok() && (best == nil || s.wall() < best.wall()) {
			best = s
		}
	}
	return best
}

// itself is how much longer the first raw program took the second time; 0
// without a check.
func (r *result) itself() float64 {
	for _, s := range r.series {
		if s.kind == check && s.ok() && r.series[0].ok() {
			return s.wall() / r.series[0].wall()
		}
	}
	return 0
}
