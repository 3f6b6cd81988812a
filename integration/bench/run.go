package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

type bench struct {
	tools    *tools
	data     string // folder in memory
	work     string // folder on disk
	deadline time.Time
	say      func(string, ...any)
	floor    int64 // smallest memory that could be measured
}

// row runs the rounds of a row. An error is an error of the bench, not of a
// contestant.
func (b *bench) row(ctx context.Context, r row) (_ *result, err error) {
	out := &result{row: r}
	for _, c := range r.contestants {
		out.series = append(out.series, &series{contestant: c})
	}
	limit := min(r.limit, time.Until(b.deadline))
	if limit <= 0 {
		out.note = "not run: the time limit of the benchmark was reached"
		b.say("%s: %s", r.name, out.note)
		return out, nil
	}
	b.say("%s: %s", r.name, r.title)
	stage, err := b.prepare(ctx, r)
	if err != nil {
		return nil, err
	}
	defer stage.close()

	// The first run of all is slow, because caches are empty. On a slow link,
	// caches do not matter. An error is ignored, because the same run fails again
	// later.
	if r.relay == nil {
		_, _ = stage.run(ctx, r.contestants[0])
	}
	began := time.Now()
	for round := range r.rounds {
		if round > 0 && time.Since(began)+roundTakes(out.series, round) > limit {
			out.note = fmt.Sprintf("%d of %d rounds: the time limit of this row was reached", round, r.rounds)
			break
		}
		for _, s := range order(out.series, round) {
			if !s.takesPart(round) {
				continue
			}
			x, err := stage.run(ctx, s.contestant)
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if err != nil {
				s.fail(err)
				b.say("%s: %s: %v", r.name, s.name, err)
				continue
			}
			s.samples = append(s.samples, x)
		}
		out.rounds++
	}
	return out, nil
}

func (s *series) takesPart(round int) bool {
	return s.failed == "" && (s.rounds == 0 || round < s.rounds)
}

// roundTakes returns the expected duration of a round, based on the runs before it.
func roundTakes(all []*series, round int) time.Duration {
	var sum time.Duration
	for _, s := range all {
		if s.takesPart(round) {
			sum += median(s, wall)
		}
	}
	return sum
}

// order alternates the order, so that no contestant always runs after the same
// other one.
func order(all []*series, round int) []*series {
	out := slices.Clone(all)
	if round%2 == 1 {
		slices.Reverse(out)
	}
	return out
}

// stage is a row with its running servers and its files.
type stage struct {
	b      *bench
	row    row
	server *server
	relay  *server // nil: no relay
	site   site
	input  string // file for standard input
	dir    string // folder in memory
	runs   int
}

func (b *bench) prepare(ctx context.Context, r row) (_ *stage, err error) {
	s := &stage{b: b, row: r, dir: filepath.Join(b.data, r.name)}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	s.site = site{size: r.size, concurrency: r.concurrency}
	if s.site.files, s.site.pattern, err = makeFiles(filepath.Join(s.dir, "files"), r.files, r.size); err != nil {
		return nil, err
	}
	if r.stdin {
		s.input, s.site.files = s.site.files[0], []string{"-"}
	}
	args := slices.Clone(r.server)
	if args[0] == "tusd" {
		args = append(args, "-dir", filepath.Join(s.dir, "store"))
	}
	if s.server, err = startServer(ctx, b.tools.server, args...); err != nil {
		return nil, err
	}
	s.site.url = s.server.URL
	if s.server.CA != "" {
		s.site.ca = filepath.Join(s.dir, "ca.pem")
		if err := os.WriteFile(s.site.ca, []byte(s.server.CA), 0o600); err != nil {
			return nil, err
		}
	}
	if r.relay != nil {
		if s.relay, err = startServer(ctx, b.tools.server, append([]string{"relay", "-to", s.server.Address}, r.relay...)...); err != nil {
			return nil, err
		}
		s.site.url = "http://" + s.relay.Address + "/files/"
	}
	return s, nil
}

func (s *stage) close() {
	if s.relay != nil {
		s.relay.stop()
	}
	if s.server != nil {
		s.server.stop()
	}
	_ = os.RemoveAll(s.dir)
}

// run runs a contestant once. The error describes its failure.
func (s *stage) run(ctx context.Context, c contestant) (sample, error) {
	var x sample
	s.runs++
	dir := filepath.Join(s.b.work, fmt.Sprintf("%s-%d", s.row.name, s.runs))
	here := s.site
	here.state = filepath.Join(dir, "state")
	// The state folder usually exists on the machine of a user.
	if err := os.MkdirAll(here.state, 0o700); err != nil {
		return x, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	line := c.args(s.b.tools, here)
	if len(line.args) == 0 {
		return x, errors.New("not installed on this machine")
	}
	if err := s.empty(ctx); err != nil {
		return x, err
	}
	forgetPeak()
	s.b.floor = max(s.b.floor, ownMemory())
	before := s.server.cpu()
	u, err := measure(ctx, s.b.tools, line, dir, s.input, longest)
	x.usage, x.server = u, s.server.cpu()-before
	if err != nil {
		return x, err
	}
	return x, s.look(ctx, &x)
}

// empty resets the server.
func (s *stage) empty(ctx context.Context) error {
	if err := s.server.reset(ctx); err != nil {
		return err
	}
	if s.relay == nil {
		return nil
	}
	return s.relay.reset(ctx)
}

// look reads the statistics of the server, and checks whether all bytes arrived.
func (s *stage) look(ctx context.Context, x *sample) (err error) {
	if x.store, err = s.server.stats(ctx); err != nil {
		return err
	}
	if s.relay != nil {
		if x.link, err = s.relay.stats(ctx); err != nil {
			return err
		}
	}
	if x.store.Files != s.row.files || x.store.Stored != s.row.bytes() {
		return fmt.Errorf("the server has %d files with %d bytes, want %d with %d",
			x.store.Files, x.store.Stored, s.row.files, s.row.bytes())
	}
	return nil
}
