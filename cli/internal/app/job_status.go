package app

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/job"
	"github.com/tusker-go/tusker/cli/internal/jobpage"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client/fleet"
)

// jobStatus holds the flags of the command that shows the state of a job.
type jobStatus struct {
	flags.Engine

	watch, json bool
}

func jobStatusCommand(a *app) *cobra.Command {
	s := &jobStatus{}
	cmd := &cobra.Command{
		Use:   "status [flags] JOB",
		Short: "Show how far a job is, and its workers",
		Long: `Prints how many files of JOB wait, are in flight, are done and have failed, and
the workers that are at work. A file that was added again waits again until a
worker sees that it was sent, and counts again. A worker that says nothing for
6 s is silent: it may have died. It is listed for up to 30 s, with what it said
last, and a file that it has is in flight until another worker takes it over.

With --watch, the state is shown again every second until the job is complete:
on a terminal in place, elsewhere as lines. With --json, each state is an object
on a line.

"tusker job work --metrics" shows the same in a browser.`,
		Example: `  tusker job status archive
  tusker job status archive --watch
  tusker job status archive --json | jq .failed`,
		Args:              usage.Arguments(1, 1, "one JOB"),
		ValidArgsFunction: completeNothing,
		RunE:              func(cmd *cobra.Command, args []string) error { return runJobStatus(cmd.Context(), a, cmd, s, args[0]) },
	}
	cmd.Flags().BoolVar(&s.watch, "watch", false, "show the state every second until the job is complete")
	settings.Own(cmd.Flags().Lookup("watch"), "job-status-watch")
	cmd.Flags().BoolVar(&s.json, "json", false, "print JSON")
	s.Register(cmd)
	return cmd
}

func runJobStatus(ctx context.Context, a *app, cmd *cobra.Command, s *jobStatus, name string) error {
	opened, err := a.openJob(ctx, cmd, &s.Engine, name, fleet.Config{})
	if err != nil {
		return err
	}
	defer opened.Close()
	if s.watch {
		return opened.explain(watchJob(ctx, a, s, opened))
	}
	status, err := opened.status(ctx)
	if err != nil {
		return opened.explain(err)
	}
	printStatus(a, s, status)
	if status.Failed > 0 {
		a.console.Say("tusker job results %s --failed shows why files failed", name)
	}
	return nil
}

func printStatus(a *app, s *jobStatus, status *jobpage.Status) {
	if s.json {
		a.console.Out.JSON(status)
		return
	}
	a.console.Out.Table(job.Rows(status))
	if len(status.Workers) > 0 {
		a.console.Out.Line("")
		a.console.Out.Columns(job.WorkerRows(status))
	}
}

// watchInterval is the time between two states.
const watchInterval = time.Second

// watchJob shows the state of a job until it is complete or the user has seen enough.
func watchJob(ctx context.Context, a *app, s *jobStatus, opened *openedJob) error {
	screen, draws := a.console.Terminal()
	draws = draws && !s.json
	ticks := time.NewTicker(watchInterval)
	defer ticks.Stop()
	for {
		status, err := opened.status(ctx)
		switch {
		case err != nil && errors.Is(err, fleet.ErrEngineUnreachable):
			a.console.SayOnce("the engine does not answer: waiting for it")
		case err != nil && ctx.Err() == nil:
			return err
		case err == nil && draws && !status.IsComplete():
			drawStatus(screen, status)
		case err == nil:
			if draws {
				screen.Draw(nil)
			}
			printStatus(a, s, status)
			if status.IsComplete() {
				return nil
			}
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			if cause := context.Cause(ctx); !errors.Is(cause, exit.ErrInterrupted) {
				return cause
			}
			return nil
		}
	}
}

func drawStatus(screen *output.Screen, status *jobpage.Status) {
	columns, rows := screen.Size()
	screen.Draw(job.Screen(status, columns, rows))
}
