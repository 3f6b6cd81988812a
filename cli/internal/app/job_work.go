package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/config"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/job"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/source/s3"
)

const jobWorkUse = "work [flags] JOB"

func jobWorkCommand(a *app) *cobra.Command {
	w := &flags.JobWork{}
	cmd := &cobra.Command{
		Use:   jobWorkUse,
		Short: "Upload files of a job, together with other workers",
		Long: `Takes files of JOB and uploads them, at most --concurrency at a time. Start as
many workers as you like, on as many machines as you like. When a worker dies,
others resume its uploads.

The files of a root are in the folder that --root names. A worker on the machine
where "tusker job add" ran needs no --root.

Files at s3:// and http URLs are read with the credentials of this machine:
those of AWS, and those of --netrc. A worker on another machine than that of
"tusker job add" reads only from stores that --root allows, such as --root
s3://media.

The settings and credentials for the server are those of the endpoint in the
config file that has the URL of the job, or of the endpoint of --as. Flags and
the environment win over them. With --engine, credentials in flags or in the
environment need such an endpoint, or TUSKER_ENDPOINT with the URL of the job:
others may be able to change the URL in the engine.

After a signal, the worker takes no further files, finishes what it can within
--drain, and gives the rest back. A second signal ends it at once.

--limit-rate, --lease and --attempts are settings of the job: they apply to all
workers.

Exit codes: 0 after the end of the job or a signal, 130 if a signal ended
--until-done, 9 if files of the job have failed (with --until-done), and else as
for "tusker upload".`,
		Example: `  tusker job work archive --until-done
  tusker job work --root media=/mnt/nfs --concurrency 16 archive
  tusker job work --engine tls://nats:4222 --engine-creds w.creds archive
  tusker job work --root s3://media --until-done archive
  tusker job work --token-file token --metrics localhost:9464 archive`,
		Args:              usage.Arguments(1, 1, "one JOB"),
		ValidArgsFunction: completeNothing,
		RunE:              func(cmd *cobra.Command, args []string) error { return runJobWork(a, cmd, w, args[0]) },
	}
	w.Register(cmd)
	return cmd
}

func runJobWork(a *app, cmd *cobra.Command, w *flags.JobWork, name string) error {
	defer setGarbage(workerGarbage)()
	// A closed standard output ends the worker with a message. Events that cannot be written need
	// none, because the engine has the results.
	a.console.Out.OnLost(func(string) {})
	ctx, cancel := w.Limit(cmd.Context())
	defer cancel()
	if err := w.Check(); err != nil {
		return usage.Error(err)
	}
	cfg, err := w.Settings(cmd)
	if err != nil {
		return usage.Error(err)
	}
	roots, err := a.workRoots(w, name)
	if err != nil {
		return err
	}
	opened, err := a.openJob(ctx, cmd, &w.Engine, name, cfg)
	if err != nil {
		return err
	}
	defer opened.Close()
	worker, err := a.newWorker(ctx, w, roots, opened)
	if err != nil {
		return err
	}
	run := newJobRun(a, cmd, opened, w)
	if w.Metrics != "" {
		page, err := run.serve(ctx, w.Metrics)
		if err != nil {
			return err
		}
		defer page()
	}
	worker.OnEvent = run.event
	run.start()
	err = opened.Work(ctx, worker)
	run.close()
	verdict := run.verdict(ctx, err)
	opened.handOver()
	return verdict
}

// newWorker returns the worker of a job, with the settings of the endpoint that the job uploads to.
func (a *app) newWorker(ctx context.Context, w *flags.JobWork, roots job.Roots, opened *openedJob) (fleet.Worker, error) {
	endpoint, sending, err := a.workEndpoint(w, opened.Endpoint())
	if err != nil {
		return fleet.Worker{}, err
	}
	cfg, err := sending.Config(ctx, a.console)
	if err != nil {
		return fleet.Worker{}, err
	}
	cfg.Endpoint, cfg.Logger = strings.TrimSpace(endpoint.URL), a.console.ClientLog()
	sending.Tune(&cfg)
	if err := sending.Rules(&sending.Connection, endpoint.URL, true, &cfg); err != nil {
		return fleet.Worker{}, err
	}
	objects, err := a.workObjects(ctx, sending, roots, opened)
	if err != nil {
		return fleet.Worker{}, err
	}
	files := fleet.Files(roots)
	return fleet.Worker{
		Client: cfg, Explain: job.ExplainObject, Roots: slices.AppendSeq([]string{}, maps.Keys(roots)),
		Slots: sending.Concurrency, Drain: drainOf(w.Drain), Hurry: a.console.Hurry, UntilDone: w.UntilDone,
		Options: func(item fleet.Item) client.UploadOptions {
			return client.UploadOptions{Metadata: sending.MetadataOf(item), ChunkSize: int64(sending.Chunk), Verify: sending.Verify}
		},
		Open: func(ctx context.Context, item fleet.Item) (client.Source, error) {
			if item.IsRemote() {
				return job.OpenObject(ctx, objects, roots, item)
			}
			return files(ctx, item)
		},
	}, nil
}

// workRoots returns the folders of roots: those of the flags, and those of the add on this
// machine.
func (a *app) workRoots(w *flags.JobWork, name string) (job.Roots, error) {
	given, err := job.ParseRoots(w.Pairs)
	if err != nil {
		return nil, usage.Error(err)
	}
	places, err := a.places(&w.Engine)
	if err != nil {
		return nil, err
	}
	roots, err := places.Load(name)
	if err != nil {
		return nil, err
	}
	if missing := given.Missing(); len(missing) > 0 {
		return nil, &advice.Failure{
			Err:  exit.With(exit.Source, given.Check(missing[0])),
			Hint: "a root is a folder: is its file system mounted?",
		}
	}
	for _, gone := range roots.Missing() {
		delete(roots, gone)
	}
	maps.Copy(roots, given)
	return roots, nil
}

// workObjects returns what opens remote files. If the job has files of S3 already, credentials
// that are missing are an error.
func (a *app) workObjects(ctx context.Context, w *flags.JobWork, roots job.Roots, opened *openedJob) (*remote.Files, error) {
	objects, err := w.OpenRemote(&w.Connection, a.console)
	if err != nil {
		return nil, err
	}
	status, err := opened.Status(ctx)
	if err != nil {
		return nil, opened.explain(err)
	}
	if !slices.ContainsFunc(status.Roots, func(root string) bool { return s3.IsLocation(root) && roots[root] != "" }) {
		return objects, nil
	}
	if err := objects.CheckCredentials(ctx); err != nil {
		return nil, &advice.Failure{
			Subject: opened.Name(), Err: exit.With(exit.Source, err),
			Hint: "the job has files of S3: give this worker credentials of AWS, or --no-sign-request for a public bucket",
		}
	}
	return objects, nil
}

// workEndpoint returns the endpoint of the config file with the URL of the job, or that of
// --as, and the flags with its settings.
func (a *app) workEndpoint(w *flags.JobWork, url string) (config.Endpoint, *flags.JobWork, error) {
	found := a.settings.EndpointsAt(url, "")
	if as := a.settings.Invocation.Endpoint; as != "" {
		i := slices.IndexFunc(found, func(e config.Endpoint) bool { return e.Name == as })
		if i < 0 {
			return config.Endpoint{}, nil, usage.Error(fmt.Errorf("the job uploads to %s, which is not the endpoint %s", url, as))
		}
		return found[i], w, nil
	}
	if found[0].Name == "" && w.URL != "" && a.settings.SendsSecrets() && !a.settings.IsDefault(url) {
		// Others may be able to write to the engine.
		return config.Endpoint{}, nil, &advice.Failure{
			Err:  usage.Error(fmt.Errorf("only the engine says that the credentials of this worker are for %s", output.RedactURL(url))),
			Hint: "if they are, set " + settings.EndpointVariable + "=" + output.RedactURL(url) + ", or give that endpoint a name in the config file",
		}
	}
	forked := &flags.JobWork{}
	other := &cobra.Command{Use: jobWorkUse, Hidden: true}
	forked.Register(other)
	from, err := a.settings.Fork(other.Flags(), found[0])
	if err != nil {
		return config.Endpoint{}, nil, usage.Error(err)
	}
	from.WarnOfSecrets()
	return found[0], forked, nil
}

// drainOf returns the drain of a worker: 0 of the flag means that nothing is finished.
func drainOf(flag time.Duration) time.Duration {
	if flag == 0 {
		return -1
	}
	return flag
}

// verdict returns the error of a run that ended with err.
func (r *jobRun) verdict(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	switch {
	case err != nil && exit.StopCause(err) == nil:
		return r.job.explain(err)
	case cause != nil && !r.untilDone && errors.Is(cause, exit.ErrInterrupted):
		return nil
	case cause != nil:
		return &advice.Failure{Err: fmt.Errorf("%w: the job is not done", cause), Hint: "run the same command again to continue; workers that still run continue, too"}
	case !r.untilDone:
		return nil
	}
	status, err := r.finalStatus(ctx)
	if err != nil {
		return r.job.explain(err)
	}
	if status.Failed == 0 {
		return nil
	}
	code := exit.Some
	if status.Done == 0 {
		code = exit.Failed
	}
	name := r.job.Name()
	return &advice.Failure{
		Err:  exit.With(code, fmt.Errorf("%s of the job failed", units.FormatCount(int(status.Failed), "file", "files"))),
		Hint: "tusker job results " + name + " --failed shows why, and tusker job retry " + name + " tries them again",
	}
}

// finalStatus returns the state of a job that is done. The engine may be busy, or another
// process may be starting it.
func (r *jobRun) finalStatus(ctx context.Context) (fleet.Status, error) {
	for {
		status, err := r.job.Status(ctx)
		if err == nil || !errors.Is(err, fleet.ErrEngineUnreachable) {
			return status, err
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return status, context.Cause(ctx)
		}
	}
}
