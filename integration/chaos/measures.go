//go:build linux

package main

import (
	"context"
	"flag"
	"os"
	"time"

	"github.com/tusker-go/tusker/integration/internal/chaos"
)

// measure is a row of the table, or several rows, that needs a stage.
type measure func(ctx context.Context, t *tools, setup chaos.Setup) ([]chaos.Row, error)

// measureTimeout ends a measure that does not come to an end.
const measureTimeout = 30 * time.Minute

// command makes a command of a measure.
func (m measure) command(name string) func(context.Context, []string) error {
	return func(ctx context.Context, args []string) error {
		flags := flag.NewFlagSet(name, flag.ContinueOnError)
		seed := flags.Uint64("seed", 0, "`seed` of all random choices")
		fleet := flags.String("fleet", "command", "`fleet` to test: command or library")
		tools := newTools(flags)
		if err := flags.Parse(args); err != nil {
			return err
		}
		if err := tools.build(ctx); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, measureTimeout)
		defer cancel()
		tools.name = *fleet
		rows, err := m(ctx, tools, chaos.Setup{
			Plan: chaos.FullPlan(*seed), Fleet: tools.fleet(*fleet), Tusker: tools.tusker, Dir: tools.dir,
		})
		if err != nil {
			chaos.WriteRows(os.Stdout, rows)
			return err
		}
		return tools.report(os.Stdout, rows)
	}
}

func measureOwners(ctx context.Context, _ *tools, setup chaos.Setup) ([]chaos.Row, error) {
	return chaos.TwoOwners(ctx, setup, 256<<20)
}

func measureTakeover(ctx context.Context, _ *tools, setup chaos.Setup) ([]chaos.Row, error) {
	return chaos.Takeover(ctx, setup, 1<<30)
}

func measureReplaced(ctx context.Context, _ *tools, setup chaos.Setup) ([]chaos.Row, error) {
	return chaos.Replaced(ctx, setup)
}

func measureDrain(ctx context.Context, t *tools, setup chaos.Setup) ([]chaos.Row, error) {
	if t.name == "command" {
		setup.Fleet = &chaos.Command{Tusker: t.tusker, WorkFlags: []string{"--drain", chaos.Drain.String()}}
	}
	return chaos.MeasureDrain(ctx, setup)
}

func measureKinds(ctx context.Context, t *tools, setup chaos.Setup) ([]chaos.Row, error) {
	return chaos.Kinds(ctx, setup, &chaos.Command{Tusker: t.tusker})
}

func measureNames(ctx context.Context, t *tools, setup chaos.Setup) ([]chaos.Row, error) {
	return chaos.Names(ctx, setup, &chaos.Command{Tusker: t.tusker}, 1_000_000, 5)
}

func measureQueued(ctx context.Context, t *tools, setup chaos.Setup) ([]chaos.Row, error) {
	return chaos.Queued(ctx, setup, &chaos.Command{Tusker: t.tusker}, 10_000_000, 1000)
}
