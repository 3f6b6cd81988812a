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
	server time.Duration // CPU time of the server during the run
	store  control.Stats
	link   control.Stats // statistics of the relay, if there is one
}

// both returns the CPU time of client and server. On loopback, the kernel charges
// the work of receiving to any running process, so the separate values mean little.
func (s sample) both() time.Duration { return s.cpu + s.server }

// data returns the number of requests that create or send.
func (s sample) data() int { return s.store.Requests["POST"] + s.store.Requests["PATCH"] }

func (s sample) all() int {
	n := 0
	for _, count := range s.store.Requests {
		n += count
	}
	return n
}

// series contains the runs of a contestant in a row.
type series struct {
	contestant
	samples []sample
	failed  string // reason for the end of the series
	once    string // reason for one missing run

	// medianOf is the number of runs if samples has only their median, and 0 if it has them all.
	medianOf int
}

// runs returns the number of runs that the figures are from.
func (s *series) runs() int { return max(len(s.samples), s.medianOf) }

// fail records a failed run. A peer may fail once, which the report shows: some
// rows are too hard for some peers. The raw programs and tusker must not fail.
func (s *series) fail(err error) {
	if s.kind == peer && s.once == "" {
		s.once = err.Error()
		return
	}
	s.failed = err.Error()
}

// ok reports whether there are figures to compare.
func (s *series) ok() bool { return s != nil && len(s.samples) > 0 && s.failed == "" }

// median returns the median of a value of each sample, or 0 without samples.
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
	// The median of an even number of values is the upper of the two, so that it
	// never makes a result better.
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

// result contains the results of a row.
type result struct {
	row
	session *session
	series  []*series
	rounds  int
	note    string // reason for missing rounds
}

func (r *result) of(name string) *series {
	for _, s := range r.series {
		if s.name == name {
			return s
		}
	}
	return nil
}

// measure returns the fastest raw program, or nil if none ran.
func (r *result) measure() *series {
	var best *series
	for _, s := range r.series {
		if s.kind == raw && s.ok() && (best == nil || s.wall() < best.wall()) {
			best = s
		}
	}
	return best
}

// itself returns the ratio of the wall times of the check and of the first raw
// program, or 0 without a check.
func (r *result) itself() float64 {
	for _, s := range r.series {
		if s.kind == check && s.ok() && r.series[0].ok() {
			return s.wall() / r.series[0].wall()
		}
	}
	return 0
}
