//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/tusker-go/tusker/integration/internal/chaos"
)

// seedsRun has the flags of the command run.
type seedsRun struct {
	*tools

	fleet   string
	seeds   int
	first   uint64
	workers int // 0: as in the plan, as for slots
	slots   int
	short   bool
	control bool
	zombies float64
	twice   int // files that were finished twice, in all runs
}

// runSeeds runs a plan with several seeds.
func runSeeds(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	r := &seedsRun{tools: newTools(flags)}
	flags.StringVar(&r.fleet, "fleet", "command", "`fleet` to test: command, local, library, unfenced, simple or a variant of it")
	flags.IntVar(&r.seeds, "seeds", 20, "`number` of seeds")
	flags.Uint64Var(&r.first, "first", 0, "first `seed`")
	flags.IntVar(&r.workers, "workers", 0, "`number` of workers (default: that of the plan)")
	flags.IntVar(&r.slots, "slots", 0, "`number` of files that a worker sends at a time (default: that of the plan)")
	flags.BoolVar(&r.short, "short", false, "run the plan of CI")
	flags.BoolVar(&r.control, "control", false, "the fleet is faulty on purpose: require that files are finished twice")
	flags.Float64Var(&r.zombies, "zombies", 0, "`share` of creations whose worker sleeps for three leases")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := r.build(ctx); err != nil {
		return err
	}
	var bad []error
	chaos.WriteHead(os.Stdout)
	for seed := r.first; seed < r.first+uint64(r.seeds); seed++ { //nolint:gosec // The number of seeds is small.
		if err := r.run(ctx, seed); err != nil {
			bad = append(bad, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	if r.control && r.twice == 0 {
		bad = append(bad, errors.New("no file was finished twice"))
	}
	return errors.Join(bad...)
}

// run runs the plan with one seed.
func (r *seedsRun) run(ctx context.Context, seed uint64) error {
	plan := chaos.FullPlan(seed)
	if r.short {
		plan = chaos.ShortPlan(seed)
	}
	plan.Workers, plan.Slots = cmp.Or(r.workers, plan.Workers), cmp.Or(r.slots, plan.Slots)
	plan.Zombies = r.zombies
	out, err := chaos.Run(ctx, plan, r.tools.fleet(r.fleet), r.tusker, r.dir)
	if err != nil {
		return err
	}
	out.Write(os.Stdout, r.fleet)
	for i, err := range out.Failures {
		if i < 3 {
			_, _ = fmt.Fprintf(os.Stderr, "seed %d: a worker ended: %v\n", seed, err)
		}
	}
	r.twice += len(out.Verdict.Twice)
	if r.control {
		return nil
	}
	if err := out.Verdict.Err(); err != nil {
		return fmt.Errorf("seed %d: %w", seed, err)
	}
	return nil
}
