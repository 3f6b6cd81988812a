package app

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client/fleet"
)

// jobResults holds the flags of the command that prints results.
type jobResults struct {
	flags.Engine

	failed, follow, json bool
}

func jobResultsCommand(a *app) *cobra.Command {
	f := &jobResults{}
	cmd := &cobra.Command{
		Use:   "results [flags] JOB",
		Short: "Print the URLs of a job's files, or why they failed",
		Long: `Prints a line for each file of JOB that is done: its URL, a tab, and the file,
as ROOT:PATH. The order is that in which they were finished. A URL may be a
secret.

With --failed, it prints the files that failed: the file, a tab, the class of
the error, a tab, and the error. The classes are

  changed     the file is not in the state in which it was added: add it again
  missing     there is no such file
  unreadable  the file cannot be read
  refused     the server does not take the file
  exhausted   all attempts failed
  uncertain   the server may have the file: look for it there before you retry
  poison      several workers died with the file
  record      a newer version of tusker began the upload: update the workers
  invalid     the entry in the queue cannot be read`,
		Example: `  tusker job results archive > urls
  tusker job results archive --failed
  tusker job results archive --follow --json | jq -r .url`,
		Args:              usage.Arguments(1, 1, "one JOB"),
		ValidArgsFunction: completeNothing,
		RunE:              func(cmd *cobra.Command, args []string) error { return runJobResults(cmd.Context(), a, cmd, f, args[0]) },
	}
	cmd.Flags().BoolVar(&f.failed, "failed", false, "print the files that failed")
	cmd.Flags().BoolVar(&f.follow, "follow", false, "also print later results, until the command is interrupted")
	cmd.Flags().BoolVar(&f.json, "json", false, "print an object on each line")
	f.Register(cmd)
	return cmd
}

func runJobResults(ctx context.Context, a *app, cmd *cobra.Command, f *jobResults, name string) error {
	opened, err := a.openJob(ctx, cmd, &f.Engine, name, fleet.Config{})
	if err != nil {
		return err
	}
	defer opened.Close()
	filter := fleet.ResultOK
	if f.failed {
		filter = fleet.ResultFailed
	}
	results := opened.Results(ctx, filter)
	if f.follow {
		results = opened.Follow(ctx, filter)
	}
	for r, err := range results {
		if err != nil {
			return opened.explain(err)
		}
		printResult(a, f, r)
	}
	cause := context.Cause(ctx)
	if f.follow && errors.Is(cause, exit.ErrInterrupted) {
		return nil
	}
	return cause
}

func printResult(a *app, f *jobResults, r fleet.Result) {
	name := output.Escape(r.Item.Name())
	switch {
	case f.json:
		a.console.Out.JSON(newJobResult(r))
	case r.OK():
		a.console.Out.Line("%s\t%s", r.URL, name)
	default:
		a.console.Out.Line("%s\t%s\t%s", name, r.Class, output.OneLine(r.Message))
	}
}
