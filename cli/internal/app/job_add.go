package app

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/batch"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/job"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/fleet"
)

func jobAddCommand(a *app) *cobra.Command {
	f := &flags.JobAdd{}
	cmd := &cobra.Command{
		Use:   "add [flags] JOB ENDPOINT FILE...",
		Short: "Add files to a job",
		Long: `Adds files to JOB, which is made if it does not exist, for workers to upload to
ENDPOINT. Nothing is uploaded yet. With -r, FILE may be a folder.

A file belongs to a root, which is a name for a folder that may be elsewhere on
each machine. ROOT:PATH is a path below a root, whose folder --root gives. Any
other FILE belongs to the root that its path is below, or else to a new root:
the folder itself, or the folder of the file. A worker on the same machine knows
where the roots are. Workers on others need --root.

FILE may also be s3://bucket/key, with -r s3://bucket/prefix, or an http or
https URL. Each worker reads such files with credentials of its own. A URL with
a user, a signature or another query is refused.

A file is uploaded in the state that it has now. If it has changed when a worker
opens it, the item fails, and you can add it again.

If the command is interrupted, run it again: it continues after the last file
that was added. Files that were uploaded before are not uploaded again, unless
they have changed. Two commands can add different files to one job at the same
time, but not the same ones.

The engine never stores credentials, and neither the user nor the query of
ENDPOINT. Give them to the workers.`,
		Example: `  tusker job add archive https://tus.example/files/ -r photos
  tusker job add archive work: -r --root media=/mnt/nfs media:2024/ media:2025/
  find . -name '*.mov' | tusker job add archive URL --files-from -
  tusker job add archive work: -r s3://media/2024/
  tusker job add --engine nats://nats:4222 --replicas 3 archive URL -r photos`,
		Args: usage.Arguments(2, 0, "JOB, ENDPOINT and one or more FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return runJobAdd(cmd.Context(), a, cmd, f, args) },
	}
	f.Register(cmd)
	usage.AllowRemote(cmd)
	return cmd
}

// addedJSON is the result of the command in JSON.
type addedJSON struct {
	Job     string `json:"job"`
	Items   int64  `json:"items"`   // that were added
	Resumed int64  `json:"resumed"` // that an earlier command with the same arguments had added
	Bytes   int64  `json:"bytes"`
	Failed  int    `json:"failed"` // files that could not be added
}

func runJobAdd(ctx context.Context, a *app, cmd *cobra.Command, f *flags.JobAdd, args []string) error {
	name, endpoint, files := args[0], args[1], args[2:]
	if err := f.CheckWalk(a.settings, files); err != nil {
		return usage.Error(err)
	}
	metadata, err := flags.ParseMetadata(f.Metadata)
	if err != nil {
		return usage.Error(err)
	}
	cfg, err := addConfig(cmd, f, endpoint)
	if err != nil {
		return err
	}
	places, err := a.places(&f.Engine)
	if err != nil {
		return err
	}
	failures := &addFailures{a: a, cmd: cmd}
	list, err := a.addList(ctx, f, files, failures)
	if err != nil {
		return err
	}
	known, err := places.Load(name)
	if err == nil {
		err = known.Merge(list.Roots)
	}
	if err != nil {
		return usage.Error(err)
	}
	opened, err := a.openJob(ctx, cmd, &f.Engine, name, cfg)
	if err != nil {
		return err
	}
	defer opened.Close()
	// Workers may begin before all items are added.
	if err := places.Save(name, known); err != nil {
		return err
	}
	if list.HasObjects() {
		if list.After, _, err = opened.Resumes(ctx, list.Name); err != nil {
			return opened.explain(err)
		}
	}
	added, err := a.addItems(ctx, opened, list, metadata)
	if f.JSON {
		a.console.Out.JSON(addedJSON{Job: name, Items: added.Items, Resumed: added.Resumed, Bytes: added.Bytes, Failed: failures.count})
	}
	reportAdded(a, list, added, name)
	if exit.StopCause(err) != nil {
		return &advice.Failure{Err: fmt.Errorf("%w: %s added", err, units.FormatCount(int(added.Items+added.Resumed), "file was", "files were")), Hint: "run the same command again: it continues"}
	}
	if err != nil {
		return opened.explain(err)
	}
	return failures.verdict(added.Items + added.Resumed)
}

// addConfig returns the settings of the job.
func addConfig(cmd *cobra.Command, f *flags.JobAdd, endpoint string) (fleet.Config, error) {
	cfg, err := f.Settings(cmd)
	if err != nil {
		return cfg, usage.Error(err)
	}
	checked, err := flags.NewClient(client.Config{}, endpoint)
	if err != nil {
		return cfg, err
	}
	cfg.Endpoint = checked.Endpoint()
	return cfg, nil
}

// addList returns the list of the files, of which failures gets those that cannot be added.
func (a *app) addList(ctx context.Context, f *flags.JobAdd, files []string, failures *addFailures) (*job.List, error) {
	roots, err := job.ParseRoots(f.Pairs)
	if err != nil {
		return nil, usage.Error(err)
	}
	list, err := job.NewList(roots, &f.Selection, namesOnDisk(files), listOf(ctx, a, f), failures.add)
	if err != nil || !list.HasObjects() {
		return list, err
	}
	list.Concurrency = f.Concurrency
	list.Remote, err = f.Open(a.console)
	return list, err
}

// addItems adds the items of a list, each with this metadata. nil: with none.
func (a *app) addItems(ctx context.Context, opened *openedJob, list *job.List, metadata map[string]string) (fleet.Added, error) {
	items := list.Items(ctx)
	if len(metadata) > 0 {
		items = withMetadata(items, metadata)
	}
	show := a.addProgress()
	defer show.close()
	return opened.Add(ctx, items, &fleet.AddOptions{List: list.Name, OnProgress: show.update})
}

// reportAdded says what was added, and what was left out.
func reportAdded(a *app, list *job.List, added fleet.Added, name string) {
	if list.Links > 0 {
		a.console.Say("left out %s", units.FormatCount(list.Links, "symbolic link", "symbolic links"))
	}
	if list.Special > 0 {
		a.console.Say("left out %s", units.FormatCount(list.Special, "entry that is not a regular file", "entries that are not regular files"))
	}
	before := ""
	if added.Resumed > 0 {
		before = fmt.Sprintf(", after %d of an earlier run", added.Resumed)
	}
	a.console.Say("added %s to %s, %s%s", units.FormatCount(int(added.Items), "file", "files"), name, units.FormatSize(added.Bytes), before)
}

// namesOnDisk returns the names of files in the normal form that the file system has.
func namesOnDisk(files []string) []string {
	found := make([]string, len(files))
	for i, name := range files {
		found[i] = batch.NameOnDisk(name)
	}
	return found
}

// listOf returns the names of --files-from, or nil without the flag.
func listOf(ctx context.Context, a *app, f *flags.JobAdd) iter.Seq2[string, error] {
	if f.FilesFrom == "" {
		return nil
	}
	return func(yield func(string, error) bool) {
		for name, err := range batch.NamesFrom(ctx, a.console.In, f.FilesFrom, f.Null) {
			if !yield(batch.NameOnDisk(name), err) {
				return
			}
		}
	}
}

func withMetadata(items iter.Seq2[fleet.Item, error], metadata map[string]string) iter.Seq2[fleet.Item, error] {
	return func(yield func(fleet.Item, error) bool) {
		for item, err := range items {
			item.Metadata = metadata
			if !yield(item, err) {
				return
			}
		}
	}
}

// addFailures are the files that cannot be added.
type addFailures struct {
	a      *app
	cmd    *cobra.Command
	count  int
	source bool // some cannot be read; false: each has a name that is wrong
}

// mostComplaints is the largest number of files that are named.
const mostComplaints = 10

func (f *addFailures) add(name string, err error) {
	if f.count++; f.count <= mostComplaints {
		failure, ok := errors.AsType[*advice.Failure](err)
		if !ok {
			failure = &advice.Failure{Err: err}
		}
		failure.Subject = output.Escape(name)
		f.a.console.Complain(f.cmd, failure, "")
	}
	f.source = f.source || exit.Code(err) != exit.Usage
}

// verdict returns the error for the files that were not added, if there are any. Added is the
// number of the others.
func (f *addFailures) verdict(added int64) error {
	if f.count == 0 {
		return nil
	}
	code := exit.Usage
	switch {
	case added > 0:
		code = exit.Some
	case f.source:
		code = exit.Source
	}
	return exit.With(code, fmt.Errorf("%s could not be added", units.FormatCount(f.count, "file or folder", "files or folders")))
}
