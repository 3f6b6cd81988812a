//go:build linux

// Command chaos measures fleets of worker processes: it kills, stops and delays them, and
// judges what the tus server has stored.
//
//	go run ./integration/chaos run -fleet simple -seeds 3
//
// Each command prints a table in Markdown, and ends with exit code 1 if a result is not as
// required. Without arguments it lists the commands.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sort"
	"syscall"

	"github.com/tusker-go/tusker/integration/internal/chaos"
)

// command is a command of the program. The arguments are those after its name.
type command struct {
	purpose string
	run     func(ctx context.Context, args []string) error
}

func commands() map[string]command {
	return map[string]command{
		"all":      {"all of the following but cost; takes about two hours", runAll},
		"run":      {"kill workers, servers and engines at random", runSeeds},
		"owners":   {"two owners of one upload", measure(measureOwners).command("owners")},
		"takeover": {"takeover of a large file at another path", measure(measureTakeover).command("takeover")},
		"replaced": {"a source that is replaced between two workers", measure(measureReplaced).command("replaced")},
		"drain":    {"SIGTERM to all workers", measure(measureDrain).command("drain")},
		"kinds":    {"poison, final and transient items", measure(measureKinds).command("kinds")},
		"names":    {"an add of a million names that is killed", measure(measureNames).command("names")},
		"queued":   {"an engine with ten million jobs", measure(measureQueued).command("queued")},
		"rate":     {"the speed of a fleet against two direct requests per file", measureRate},
		"cost":     {"the costs for users without fleets against an earlier revision", measureCost},

		// Other commands start these.
		"direct":       {"upload files with two requests each", func(ctx context.Context, _ []string) error { return chaos.RunDirect(ctx) }},
		"worker":       {"be a worker of the simple fleet", func(ctx context.Context, _ []string) error { return chaos.RunWorker(ctx) }},
		"fleet-worker": {"be a worker of the library fleet", func(ctx context.Context, _ []string) error { return chaos.RunFleetWorker(ctx) }},
		"engine":       {"be the engine of the library fleet: ADDRESS FOLDER", runEngine},
	}
}

func runEngine(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("want ADDRESS and FOLDER")
	}
	return chaos.RunEngine(ctx, args[0], args[1])
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	all := commands()
	if len(args) > 0 {
		if c, ok := all[args[0]]; ok {
			return c.run(ctx, args[1:])
		}
	}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		_, _ = fmt.Fprintf(os.Stderr, "  %-12s %s\n", name, all[name].purpose)
	}
	return errors.New("name one of these commands")
}
