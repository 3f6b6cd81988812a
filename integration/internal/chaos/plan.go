//go:build linux

package chaos

import (
	"math"
	"math/rand/v2"
	"time"
)

// Interval is a range of durations. The zero value stands for never.
type Interval struct{ Min, Max time.Duration }

// Draw returns a random duration of the interval.
func (i Interval) Draw(random *rand.Rand) time.Duration {
	if i.Max <= i.Min {
		return i.Min
	}
	return i.Min + time.Duration(random.Int64N(int64(i.Max-i.Min)))
}

// Plan has the numbers of a run.
type Plan struct {
	// Seed decides all random choices of the run.
	Seed uint64

	// Files is the number of files. They have 1 to MaxSize bytes.
	Files   int
	MaxSize int64

	// Workers is the number of processes, each of which sends Slots files at a time.
	Workers, Slots int

	// Lease is how long an item stays with a worker that shows no sign of life.
	Lease time.Duration

	// KillWorker is the time between two kills of a random worker, which is replaced.
	KillWorker Interval
	// StopWorker is the time between two stops of a random worker, each for StopFor.
	StopWorker, StopFor Interval
	// KillServer and KillEngine are the times between two kills of these processes, which
	// start again at once.
	KillServer, KillEngine Interval

	// Zombies is the share of creations whose worker is stopped for three leases between the
	// answer of the server and the record of the URL. 0: none.
	Zombies float64

	// Latency is how long each answer of the tus server takes to the worker. 0: no delay.
	Latency time.Duration

	// Timeout ends a run that does not come to an end. 0: 10 minutes.
	Timeout time.Duration
}

// FullPlan returns the plan of the long run. In runs with an odd seed, the engine is killed
// twice as often.
func FullPlan(seed uint64) Plan {
	p := Plan{
		Seed: seed, Files: 6000, MaxSize: 8 << 20, Workers: 24, Slots: 3, Lease: 2 * time.Second,
		KillWorker: Interval{500 * time.Millisecond, 1500 * time.Millisecond},
		StopWorker: Interval{time.Second, 3 * time.Second}, StopFor: Interval{time.Second, 7 * time.Second},
		KillServer: Interval{7 * time.Second, 13 * time.Second},
		KillEngine: Interval{5 * time.Second, 9 * time.Second},
		Latency:    200 * time.Millisecond,
	}
	if seed%2 == 1 {
		p.KillEngine = Interval{2500 * time.Millisecond, 4500 * time.Millisecond}
	}
	return p
}

// ShortPlan returns a plan of the same faults for a run of a few seconds.
func ShortPlan(seed uint64) Plan {
	p := FullPlan(seed)
	p.Files, p.MaxSize, p.Workers = 400, 1<<20, 8
	p.KillWorker = Interval{200 * time.Millisecond, 800 * time.Millisecond}
	p.StopWorker, p.StopFor = Interval{500 * time.Millisecond, 1500 * time.Millisecond}, Interval{time.Second, 4 * time.Second}
	p.KillServer, p.KillEngine = Interval{2 * time.Second, 4 * time.Second}, Interval{time.Second, 3 * time.Second}
	p.Timeout = 2 * time.Minute
	return p
}

// random returns the random numbers of one purpose. The purposes do not depend on each
// other, so that the time of one kill does not change the choices of another.
func (p Plan) random(purpose string) *rand.Rand {
	var n uint64
	for _, c := range purpose {
		n = n*31 + uint64(c)
	}
	return rand.New(rand.NewPCG(p.Seed, n))
}

// Share of files above smallSize.
const (
	largeShare = 0.04
	smallSize  = 64 << 10
)

// sizes returns the size of each file: most are small, and in both groups each order of
// magnitude is equally likely.
func (p Plan) sizes() []int64 {
	random := p.random("sizes")
	out := make([]int64, p.Files)
	for i := range out {
		low, high := 1.0, float64(min(smallSize, p.MaxSize))
		if float64(p.MaxSize) > high && random.Float64() < largeShare {
			low, high = high, float64(p.MaxSize)
		}
		out[i] = int64(low * math.Exp(random.Float64()*math.Log(high/low)))
	}
	return out
}

func (p Plan) timeout() time.Duration {
	if p.Timeout == 0 {
		return 10 * time.Minute
	}
	return p.Timeout
}
