package main

import (
	"fmt"
	"strings"
	"time"
)

// target is a requirement for a row.
type target struct {
	text  string
	check func(*result) outcome
}

// outcome is the result of a target.
type outcome struct {
	value   string // measured value; "": not measured
	met     bool
	comment string
}

func unknown(why string) outcome { return outcome{comment: why} }

// of returns a check of a contestant that has run.
func of(name string, check func(r *result, s *series) outcome) func(*result) outcome {
	return func(r *result) outcome {
		s := r.of(name)
		if !s.ok() {
			return unknown(name + " has no figures")
		}
		return check(r, s)
	}
}

func wallTarget(limit float64, name string) target {
	return target{text: fmt.Sprintf("%s: wall time ≤ %.2f × best raw", name, limit), check: of(name, func(r *result, s *series) outcome {
		best := r.measure()
		if best == nil {
			return unknown("no raw program has figures")
		}
		ratio := s.wall() / best.wall()
		out := outcome{value: times2(ratio), met: ratio <= limit}
		// With a larger difference, the figures are not reliable.
		if off := r.itself(); off != 0 && (off < 0.97 || off > 1.03) {
			out.comment = fmt.Sprintf("the raw program against itself is %.2f", off)
		}
		return out
	})}
}

func cpuTarget(limit float64, name string) target {
	return target{text: fmt.Sprintf("%s: CPU time of client and server ≤ %.2f × best raw", name, limit), check: of(name, func(r *result, s *series) outcome {
		best := r.measure()
		if best == nil || best.cpu() == 0 {
			return unknown("no raw program has figures")
		}
		ratio := s.cpu() / best.cpu()
		return outcome{value: times2(ratio), met: ratio <= limit}
	})}
}

func memoryTarget(limit int64, name string) target {
	return target{text: fmt.Sprintf("%s: memory ≤ %d MiB", name, limit/mib), check: of(name, func(_ *result, s *series) outcome {
		if s.memory() == 0 {
			return unknown("not measured on this system")
		}
		return outcome{value: mebibytes(s.memory()), met: s.memory() <= limit}
	})}
}

func dataTarget(n int, name string) target {
	return target{text: fmt.Sprintf("%s: %d data requests", name, n), check: of(name, func(_ *result, s *series) outcome {
		return outcome{value: fmt.Sprint(s.data()), met: s.data() <= n}
	})}
}

// requestsTarget allows one request per file, and one OPTIONS.
func requestsTarget(name string) target {
	return target{text: name + ": one request per file and one OPTIONS", check: of(name, func(r *result, s *series) outcome {
		return outcome{value: fmt.Sprintf("%d for %d files", s.requests(), r.files), met: s.requests() <= r.files+1}
	})}
}

func connectionsTarget(name string, n int) target {
	return target{text: fmt.Sprintf("%s: connections ≤ %d", name, n), check: of(name, func(_ *result, s *series) outcome {
		return outcome{value: fmt.Sprint(s.connections()), met: s.connections() <= n}
	})}
}

// noise is the largest ratio of two wall times that count as equal.
const noise = 1.03

// peerTarget compares a contestant with the fastest peer.
func peerTarget(name string) target {
	return target{text: name + ": as fast as every peer", check: of(name, func(r *result, s *series) outcome {
		var best *series
		for _, p := range r.series {
			if p.kind == peer && p.ok() && (best == nil || p.wall() < best.wall()) {
				best = p
			}
		}
		if best == nil {
			return unknown("no peer has figures")
		}
		ratio := s.wall() / best.wall()
		return outcome{value: fmt.Sprintf("%s %s", times2(ratio), best.name), met: ratio <= noise}
	})}
}

func fasterTarget(factor float64, name, than string) target {
	return target{text: fmt.Sprintf("%s: ≥ %.1f × as fast as one connection", name, factor), check: of(name, func(r *result, s *series) outcome {
		one := r.of(than)
		if !one.ok() {
			return unknown(than + " has no figures")
		}
		ratio := one.wall() / s.wall()
		return outcome{value: times2(ratio), met: ratio >= factor}
	})}
}

func ratioTarget(limit float64, name, than string) target {
	return target{text: fmt.Sprintf("%s: wall time ≤ %.2f × that of %s", name, limit, than), check: of(name, func(r *result, s *series) outcome {
		other := r.of(than)
		if !other.ok() {
			return unknown(than + " has no figures")
		}
		ratio := s.wall() / other.wall()
		return outcome{value: times2(ratio), met: ratio <= limit}
	})}
}

// bestFixedTarget compares with the best of the named fixed numbers of connections.
func bestFixedTarget(share float64, name string) target {
	return target{text: fmt.Sprintf("%s: ≥ %.0f %% of the rate with the best fixed number of connections", name, share*100), check: of(name, func(r *result, s *series) outcome {
		var best *series
		for _, f := range r.series {
			if f.kind == variant && strings.Contains(f.name, "--parallel") && f.ok() && (best == nil || f.wall() < best.wall()) {
				best = f
			}
		}
		if best == nil {
			return unknown("no run with a fixed number of connections has figures")
		}
		ratio := best.wall() / s.wall()
		return outcome{value: fmt.Sprintf("%.0f %% of %s", ratio*100, best.name), met: ratio >= share}
	})}
}

// resent returns the share of bytes that the relay passed on more than once,
// headers included. Bytes that the server had not read when it was asked for the
// offset count, too.
func resent(size int64) func(sample) float64 {
	return func(s sample) float64 { return float64(s.link.Received-size) / float64(size) }
}

// cutRequests returns the number of requests per cut, not counting the first POST
// and PATCH.
func cutRequests(s sample) float64 { return float64(s.all()-2) / float64(max(s.link.Cuts, 1)) }

func waited(s sample) time.Duration { return s.link.Waited / time.Duration(max(s.link.Cuts, 1)) }

func resentTarget(share float64, name string) target {
	return target{text: fmt.Sprintf("%s: resent ≤ %.0f %%", name, share*100), check: of(name, func(r *result, s *series) outcome {
		got := median(s, resent(r.bytes()))
		return outcome{value: fmt.Sprintf("%.2f %%", got*100), met: got <= share}
	})}
}

func cutRequestsTarget(n float64, name string) target {
	return target{text: fmt.Sprintf("%s: %.0f requests per cut", name, n), check: of(name, func(_ *result, s *series) outcome {
		got := median(s, cutRequests)
		return outcome{value: fmt.Sprintf("%.1f", got), met: got <= n}
	})}
}

func waitTarget(limit time.Duration, name string) target {
	return target{text: fmt.Sprintf("%s: ≤ %v of waiting per cut", name, limit), check: of(name, func(_ *result, s *series) outcome {
		got := median(s, waited)
		return outcome{value: got.Round(time.Millisecond / 10).String(), met: got <= limit}
	})}
}

func times2(ratio float64) string { return fmt.Sprintf("%.2f ×", ratio) }

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/mib) }
