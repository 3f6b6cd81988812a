package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/job"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client/fleet"
)

func jobRetryCommand(a *app) *cobra.Command {
	e := &flags.Engine{}
	cmd := &cobra.Command{
		Use:   "retry [flags] JOB [ITEM...]",
		Short: "Try failed files of a job again",
		Long: `Puts files of JOB that failed back into the queue: those named by ITEM, or else
all of them. ITEM is ROOT:PATH, the path alone, or the ID of the item, as
"tusker job results --failed" prints them.

A file of the class "uncertain" is sent from its beginning: first make sure that
the server does not have it. A file that has changed since it was added fails
again: add it again.`,
		Example: `  tusker job retry archive
  tusker job retry archive media:2024/a.mov`,
		Args:              usage.Arguments(1, 0, "JOB"),
		ValidArgsFunction: completeNothing,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			opened, err := a.openJob(ctx, cmd, e, args[0], fleet.Config{})
			if err != nil {
				return err
			}
			defer opened.Close()
			n, err := opened.Retry(ctx, args[1:]...)
			a.console.Say("%s waiting again", units.FormatCount(int(n), "file is", "files are"))
			return opened.explain(err)
		},
	}
	e.Register(cmd)
	return cmd
}

func jobRemoveCommand(a *app) *cobra.Command {
	e := &flags.Engine{}
	force := false
	cmd := &cobra.Command{
		Use:   "rm [flags] JOB",
		Short: "Remove a job and its results",
		Long: `Removes JOB with its queue, its records and its results. Uploads stay on their
server. A job with files that are not done is removed only with --force; its
unfinished uploads are then never resumed, and expire on the server.`,
		Example: `  tusker job results archive > urls && tusker job rm archive
  tusker job rm --force archive`,
		Args:              usage.Arguments(1, 1, "one JOB"),
		ValidArgsFunction: completeNothing,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runJobRemove(cmd.Context(), a, cmd, e, args[0], force)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "remove a job that has files in its queue, or workers")
	settings.Own(cmd.Flags().Lookup("force"), "job-rm-force")
	e.Register(cmd)
	return cmd
}

func runJobRemove(ctx context.Context, a *app, cmd *cobra.Command, e *flags.Engine, name string, force bool) error {
	opened, err := a.openJob(ctx, cmd, e, name, fleet.Config{})
	if err != nil {
		return err
	}
	defer opened.Close()
	if !force {
		status, err := opened.Status(ctx)
		if err != nil {
			return opened.explain(err)
		}
		if left := status.Queued + status.InFlight; left > 0 {
			return &advice.Failure{
				Subject: name, Err: exit.With(exit.Failed, fmt.Errorf("%s not done", units.FormatCount(int(left), "file is", "files are"))),
				Hint: "tusker job work " + name + " uploads them, and --force removes the job anyway",
			}
		}
	}
	places, err := a.places(e)
	if err != nil {
		return err
	}
	return errors.Join(opened.explain(opened.Remove(ctx)), places.Forget(name))
}

func jobListCommand(a *app) *cobra.Command {
	e := &flags.Engine{}
	asJSON := false
	cmd := &cobra.Command{
		Use:   "list [flags]",
		Short: "List the jobs of an engine",
		Long: `Prints a row for each job: its name, how many files wait, are in flight, are
done and have failed, and its endpoint.`,
		Example: `  tusker job list
  tusker job list --json | jq -r .job`,
		Args: usage.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runJobList(cmd.Context(), a, cmd, e, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object on each line")
	e.Register(cmd)
	return cmd
}

func runJobList(ctx context.Context, a *app, cmd *cobra.Command, e *flags.Engine, asJSON bool) error {
	link, js, err := a.engineOf(ctx, cmd, e)
	if err != nil {
		return err
	}
	defer func() { _ = link.Close() }()
	names, err := fleet.List(ctx, js)
	if err != nil {
		return job.Explain(err, "", link.Shown())
	}
	rows := [][]string{{"JOB", "QUEUED", "IN FLIGHT", "DONE", "FAILED", "ENDPOINT"}}
	for _, name := range names {
		opened, err := fleet.Open(ctx, js, name, fleet.Config{})
		if errors.Is(err, fleet.ErrNoJob) {
			continue // it was removed meanwhile
		}
		if err != nil {
			return job.Explain(err, name, link.Shown())
		}
		s, err := (&openedJob{Job: opened, link: link}).status(ctx)
		if err != nil {
			return job.Explain(err, name, link.Shown())
		}
		if asJSON {
			a.console.Out.JSON(s)
			continue
		}
		rows = append(rows, []string{s.Job, fmt.Sprint(s.Queued), fmt.Sprint(s.InFlight), fmt.Sprint(s.Done), fmt.Sprint(s.Failed), s.Endpoint})
	}
	switch {
	case asJSON:
	case len(rows) == 1:
		a.console.Say("there are no jobs")
	default:
		a.console.Out.Columns(func(yield func([]string) bool) {
			for _, row := range rows {
				if !yield(row) {
					return
				}
			}
		})
	}
	return nil
}
