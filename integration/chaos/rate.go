//go:build linux

package main

import (
	"context"
	"flag"
	"os"
	"time"

	"github.com/tusker-go/tusker/integration/internal/chaos"
)

// measureRate compares the speed of a fleet with that of two direct requests per file.
func measureRate(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("rate", flag.ContinueOnError)
	name := flags.String("fleet", "command", "`fleet` to test")
	files := flags.Int("files", 20_000, "`number` of files")
	workers := flags.Int("workers", 4, "`number` of processes")
	slots := flags.Int("slots", 8, "`number` of files that a process sends at a time")
	tools := newTools(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := tools.build(ctx); err != nil {
		return err
	}
	rate, err := chaos.MeasureRate(ctx, chaos.Setup{
		Plan:  chaos.Plan{Workers: *workers, Slots: *slots, Lease: 30 * time.Second},
		Sizes: chaos.SameSizes(*files, 4<<10), Fleet: tools.fleet(*name), Tusker: tools.tusker, Dir: tools.dir,
	}, tools.self)
	if err != nil {
		return err
	}
	return tools.report(os.Stdout, rate.Rows(*name))
}
