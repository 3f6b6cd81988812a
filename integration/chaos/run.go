//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/tusker-go/tusker/integration/internal/chaos"
)

// runSeeds runs a plan with several seeds.
func runSeeds(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	fleet := flags.String("fleet", "simple", "`fleet` to test: simple, or a variant of it")
	seeds := flags.Int("seeds", 20, "`number` of seeds")
	first := flags.Uint64("first", 0, "first `seed`")
	short := flags.Bool("short", false, "run the plan of CI")
	zombies := flags.Float64("zombies", 0, "`share` of creations whose worker sleeps for three leases")
	latency := flags.Duration("latency", -1, "`time` that each answer of the tus server takes (default: that of the plan)")
	tools := newTools(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := tools.build(ctx); err != nil {
		return err
	}
	var bad []error
	chaos.WriteHead(os.Stdout)
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		plan := chaos.FullPlan(seed)
		if *short {
			plan = chaos.ShortPlan(seed)
		}
		if plan.Zombies = *zombies; *latency >= 0 {
			plan.Latency = *latency
		}
		out, err := chaos.Run(ctx, plan, tools.fleet(*fleet), tools.tusker, tools.dir)
		if err != nil {
			bad = append(bad, err)
			continue
		}
		out.Write(os.Stdout, *fleet)
		if err := out.Verdict.Err(); err != nil {
			bad = append(bad, fmt.Errorf("seed %d: %w", seed, err))
		}
		for i, err := range out.Failures {
			if i < 3 {
				_, _ = fmt.Fprintf(os.Stderr, "seed %d: a worker ended: %v\n", seed, err)
			}
		}
	}
	return errors.Join(bad...)
}
