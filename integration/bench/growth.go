package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// growthRow is the name of the row that shows how cost grows with the amount of work. Its
// figures are points of curves, and it has no peers and no targets.
const growthRow = "growth"

// longestPoint is the time limit of one run of the row.
const longestPoint = 20 * time.Minute

// curves are the costs of several clients as one quantity grows.
type curves struct {
	// Name and Title say what is measured. Variable is the quantity that grows, in the unit
	// Unit: "" for a number, or "bytes".
	Name     string `json:"name"`
	Title    string `json:"title"`
	Variable string `json:"variable"`
	Unit     string `json:"unit,omitempty"`

	// Clients has a curve for each client.
	Clients []curve `json:"clients"`

	xs      []int64
	each    bool // the work of a client is the same for each unit of the quantity
	keep    bool // the server keeps what an earlier run sent
	fresh   bool // each run gets what prepare makes, and not only each point
	prepare func(ctx context.Context, g *growth, x int64) error
}

// curve has the points of one client, in the order of X.
type curve struct {
	Name   string  `json:"name"`
	Points []point `json:"points"`

	most int64 // largest X of this client; 0: no limit
	args func(t *tools, s growthSite) cmd
}

// point is the median of several runs with the quantity X.
type point struct {
	X           int64         `json:"x"`
	Wall        time.Duration `json:"wall_ns"`
	CPU         time.Duration `json:"cpu_ns"`        // of the client
	Server      time.Duration `json:"server_cpu_ns"` // of the server
	MemoryBytes int64         `json:"memory_bytes"`  // largest resident set of the client
	Requests    int           `json:"requests"`
	Runs        int           `json:"runs"`
}

// growthSite is where a client of the row works.
type growthSite struct {
	url   string
	files string // folder of the files, or the file
	state string // folder of the records
	x     int64
}

// growth runs the row.
type growth struct {
	b      *bench
	server *server
	site   growthSite
	dir    string // folder in memory, for files
	work   string // folder on the disk, for records
}

// grow measures all curves. Quick leaves out the larger quantities.
func (b *bench) grow(ctx context.Context, quick bool) (_ []curves, err error) {
	g := &growth{b: b, dir: filepath.Join(b.data, growthRow), work: filepath.Join(b.work, growthRow)}
	if g.server, err = startServer(ctx, b.tools.server, "null"); err != nil {
		return nil, err
	}
	defer g.server.stop()
	all := growthCurves()
	for i := range all {
		if err := g.measure(ctx, &all[i], quick); err != nil {
			return nil, fmt.Errorf("%s: %w", all[i].Name, err)
		}
	}
	return all, nil
}

// quickMost is the largest quantity of a quick run, by unit.
var quickMost = map[string]int64{"": 1000, "bytes": gib}

func (g *growth) measure(ctx context.Context, c *curves, quick bool) error {
	for _, x := range c.xs {
		if quick && x > quickMost[c.Unit] || time.Now().After(g.b.deadline) {
			continue
		}
		g.b.say("%s: %s", c.Name, amount(x, c.Unit))
		if err := g.point(ctx, c, x); err != nil {
			return fmt.Errorf("%d: %w", x, err)
		}
	}
	return nil
}

// runsOf returns how many runs a point has. The largest ones take minutes.
func (c *curves) runsOf(x int64) int {
	if last := len(c.xs) - 1; x >= c.xs[max(0, last-1)] {
		return 1
	}
	return 3
}

// point measures all clients at x, in turn.
func (g *growth) point(ctx context.Context, c *curves, x int64) error {
	samples := make([]*series, len(c.Clients))
	for i := range samples {
		samples[i] = &series{}
	}
	for run := range c.runsOf(x) {
		for i := range c.Clients {
			client := &c.Clients[i]
			if client.most > 0 && x > client.most {
				continue
			}
			if c.fresh || run == 0 && i == 0 {
				if err := g.make(ctx, c, x); err != nil {
					return err
				}
			}
			s, err := g.run(ctx, c, client)
			if err != nil {
				return fmt.Errorf("%s: %w", client.Name, err)
			}
			samples[i].samples = append(samples[i].samples, s)
		}
	}
	for i := range c.Clients {
		if s := samples[i]; len(s.samples) > 0 {
			c.Clients[i].Points = append(c.Clients[i].Points, pointOf(s, x))
		}
	}
	return g.clear()
}

func pointOf(s *series, x int64) point {
	return point{
		X: x, Wall: median(s, wall), CPU: median(s, func(s sample) time.Duration { return s.cpu }),
		Server: median(s, func(s sample) time.Duration { return s.server }), MemoryBytes: s.memory(), Requests: s.requests(), Runs: len(s.samples),
	}
}

// make prepares the files and records of a point.
func (g *growth) make(ctx context.Context, c *curves, x int64) error {
	if err := g.clear(); err != nil {
		return err
	}
	for _, dir := range []string{g.dir, g.work} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	if err := g.server.reset(ctx); err != nil {
		return err
	}
	g.site = growthSite{url: g.server.URL, files: filepath.Join(g.dir, "files"), state: filepath.Join(g.work, "state"), x: x}
	return c.prepare(ctx, g, x)
}

func (g *growth) clear() error {
	for _, dir := range []string{g.dir, g.work} {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

// run runs a client once.
func (g *growth) run(ctx context.Context, c *curves, client *curve) (sample, error) {
	if !c.keep {
		if err := g.server.reset(ctx); err != nil {
			return sample{}, err
		}
	}
	before, err := g.server.stats(ctx)
	if err != nil {
		return sample{}, err
	}
	return g.command(ctx, client.args(g.b.tools, g.site), before.Requests)
}

// command runs a command line, and counts the requests after those that were sent before.
func (g *growth) command(ctx context.Context, line cmd, before map[string]int) (sample, error) {
	var s sample
	forgetPeak()
	cpu := g.server.cpu()
	var err error
	if s.usage, err = measure(ctx, g.b.tools, line, g.work, "", longestPoint); err != nil {
		return s, err
	}
	s.server = g.server.cpu() - cpu
	if s.store, err = g.server.stats(ctx); err != nil {
		return s, err
	}
	for method, n := range before {
		s.store.Requests[method] -= n
	}
	return s, nil
}

// powers returns the powers of ten from one to another.
func powers(from, to int64) []int64 {
	var xs []int64
	for x := from; x <= to; x *= 10 {
		xs = append(xs, x)
	}
	return slices.Clip(xs)
}
