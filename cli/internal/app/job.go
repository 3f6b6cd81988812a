package app

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/job"
	"github.com/tusker-go/tusker/cli/internal/records"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client/fleet"
)

func jobCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "job",
		Short: "Upload the files of one job with many processes and machines",
		Long: `A job is a list of files in an engine. Any number of workers, on any number of
machines, upload them, each file exactly once, although workers, the engine and
the server may be killed at any time.

On one machine, the engine needs no setup: the first of these commands serves
it, and when that command ends, another one takes over. For several machines,
start NATS with JetStream, or "tusker job serve --listen", and name it with
--engine or TUSKER_ENGINE.`,
		Example: `  tusker job add archive https://tus.example/files/ -r photos
  tusker job work archive --until-done    # in as many shells as you like
  tusker job status archive
  tusker job results archive --failed`,
		Args: usage.NoSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		jobAddCommand(a), jobWorkCommand(a), jobStatusCommand(a), jobResultsCommand(a), jobRetryCommand(a),
		jobRemoveCommand(a), jobListCommand(a), jobServeCommand(a),
	)
	return cmd
}

// localTimeout is how long a question may wait for the engine of this machine. Processes that
// serve it may die one after the other, and the next one has to read the data.
const localTimeout = time.Minute

// openedJob is a job with the connection to its engine. Close it.
type openedJob struct {
	*fleet.Job
	link *flags.Link
}

// engineOf connects to the engine of the flags, for the command cmd.
func (a *app) engineOf(ctx context.Context, cmd *cobra.Command, e *flags.Engine) (*flags.Link, jetstream.JetStream, error) {
	link, err := e.Connect(ctx, a.console, a.startEngine, cmd.CommandPath())
	if err != nil {
		return nil, nil, err
	}
	js, err := jetstream.New(link.Conn)
	if err != nil {
		return nil, nil, errors.Join(err, link.Close())
	}
	return link, js, nil
}

// openJob opens a job of the engine of the flags.
func (a *app) openJob(ctx context.Context, cmd *cobra.Command, e *flags.Engine, name string, cfg fleet.Config) (*openedJob, error) {
	link, js, err := a.engineOf(ctx, cmd, e)
	if err != nil {
		return nil, err
	}
	if e.URL == "" {
		cfg.EngineTimeout = localTimeout
	}
	opened, err := fleet.Open(ctx, js, name, cfg)
	if err != nil {
		return nil, errors.Join(job.Explain(err, name, link.Shown()), link.Close())
	}
	return &openedJob{Job: opened, link: link}, nil
}

// Close ends the connection, and the engine if this process serves it.
func (j *openedJob) Close() { _ = j.link.Close() }

// handoverTime is how long the engine stays after its worker has given items back.
const handoverTime = 200 * time.Millisecond

// handOver lets the engine give to other workers what the last ones gave back, if this process
// serves it: they would wait for the next engine otherwise.
func (j *openedJob) handOver() {
	if j.link.IsServing() {
		time.Sleep(handoverTime)
	}
}

// explain returns an error about the job with its exit code and a hint.
func (j *openedJob) explain(err error) error { return job.Explain(err, j.Name(), j.link.Shown()) }

// places returns where the folders of the roots of jobs are stored.
func (a *app) places(e *flags.Engine) (job.Places, error) {
	dir, err := records.Dir(e.StateDir, a.console.LookupEnv)
	if err != nil {
		return job.Places{}, usage.Error(err)
	}
	p := job.Places{Dir: filepath.Join(dir, "jobs")}
	if e.URL != "" {
		p.Engine = e.Shown()
	}
	return p, nil
}
