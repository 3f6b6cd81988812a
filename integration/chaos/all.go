//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// everything has the arguments of the commands that the command all runs, each with its
// heading.
var everything = []struct{ heading, args string }{
	{"Workers, the server and the engine are killed", "run -fleet command"},
	{"Ten workers share the engine of the machine, whose holder is killed", "run -fleet local -workers 10 -slots 8"},
	{"3 % of the creations sleep for three leases before their record", "run -fleet command -zombies 0.03"},
	{"The same without the comparison of records: duplicates are expected", "run -fleet unfenced -zombies 0.03 -seeds 2 -control"},
	{"Small files in one request and without records: duplicates are expected", "run -fleet one-request -seeds 2 -control"},
	{"Two owners of one upload", "owners"},
	{"Takeover", "takeover"},
	{"A replaced source", "replaced"},
	{"SIGTERM", "drain"},
	{"Poison, final and transient items", "kinds"},
	{"Names", "names"},
	{"A long queue", "queued"},
	{"Speed", "rate"},
}

// runAll runs all commands that need no arguments.
func runAll(ctx context.Context, _ []string) error {
	var bad []error
	for _, e := range everything {
		_, _ = fmt.Fprintf(os.Stdout, "\n### %s\n\n", e.heading)
		args := strings.Fields(e.args)
		if err := commands()[args[0]].run(ctx, args[1:]); err != nil {
			bad = append(bad, fmt.Errorf("%s: %w", e.args, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(bad...)
}
