package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/batch"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/records"
	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
)

const uploadsResumeUse = "resume [flags] [KEY...]"

func uploadsResumeCommand(a *app) *cobra.Command {
	u := &flags.Upload{}
	all := false
	cmd := &cobra.Command{
		Use:   uploadsResumeUse,
		Short: "Resume unfinished uploads",
		Long: `Resumes the uploads that are named by KEY, a key or the beginning of only one
key, or with --all, all unfinished uploads. Prints their URLs in the order of
"uploads list". No upload is created: if the server no longer has an upload, or
if its file has changed, use "tusker upload".

The settings of an upload are those of the endpoint in the config file that has
the same URL and account, or else those of all endpoints. Flags and the
environment win over them.

An upload in parts gets the metadata filename, mime_type and filetype when its
parts are joined, and the metadata of the settings. Repeat --metadata if the
upload was begun with it. Other uploads have the metadata of their beginning.`,
		Example: `  tusker uploads resume --all
  tusker uploads resume 3f9a1c2b
  tusker uploads resume --all --token-file token --account work`,
		Args: usage.Arguments(0, 0, "KEY"),
		RunE: func(cmd *cobra.Command, keys []string) error {
			if all == (len(keys) > 0) {
				return usage.Error(errors.New("want one or more KEY, or --all"))
			}
			return runUploadsResume(a, cmd, u, keys)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "resume all unfinished uploads")
	u.RegisterRest(cmd)
	cmd.ValidArgsFunction = func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return completeKeys(cmd.Context(), a, u.StateDir), cobra.ShellCompDirectiveNoFileComp
	}
	return cmd
}

// runUploadsResume resumes the uploads of these keys, or without keys, all uploads.
func runUploadsResume(a *app, cmd *cobra.Command, u *flags.Upload, keys []string) error {
	ctx, cancel := u.Limit(cmd.Context())
	defer cancel()
	if err := u.CheckRest(); err != nil {
		return usage.Error(err)
	}
	found, err := recordsToResume(ctx, a, u, keys)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		defer sayBatches(ctx, a, u)
	}
	if len(found) == 0 {
		a.console.Say("no unfinished uploads")
		return nil
	}
	rests := restsOf(a, cmd, found)
	errs, names := make([]error, len(rests)), make([]string, len(rests))
	for i, r := range rests {
		names[i] = output.RedactURL(r.records[0].Endpoint)
		if errs[i] = r.run(ctx, a); errs[i] != nil && len(rests) > 1 {
			a.console.Complain(cmd, errs[i], "")
		}
	}
	if len(rests) == 1 {
		return errs[0]
	}
	return advice.Verdict("endpoints", names, errs)
}

// sayBatches names the commands for several files that did not end. Their files without a record
// are not resumed.
func sayBatches(ctx context.Context, a *app, u *flags.Upload) {
	ctx = context.WithoutCancel(ctx) // an interrupted run has more to send, too
	store, err := records.Open(u.StateDir, a.console.LookupEnv)
	if err != nil {
		return // recordsToResume would have failed
	}
	for _, b := range incompleteBatches(ctx, a, store) {
		if u.Account == "" || u.Account == b.Account {
			a.console.Say("a command for several files did not end, and may have more to send: run it again with the same flags: %s", batchCommand(a, b))
		}
	}
}

// recordsToResume returns the records of these keys, or without keys, all records of the
// account in the flags. The oldest is the first.
func recordsToResume(ctx context.Context, a *app, u *flags.Upload, keys []string) ([]*client.Record, error) {
	store, err := records.Open(u.StateDir, a.console.LookupEnv)
	if err != nil {
		return nil, err
	}
	if len(keys) > 0 {
		found, err := findRecords(ctx, a, store, keys)
		if err != nil {
			return nil, err
		}
		batches := incompleteBatches(ctx, a, store)
		for i, f := range found {
			key, err := f.only()
			if err != nil {
				return nil, &advice.Failure{Subject: keys[i], Err: err, Hint: f.hint()}
			}
			if at := slices.IndexFunc(batches, func(b filestore.BatchState) bool { return b.Key == key }); at >= 0 {
				return nil, &advice.Failure{
					Subject: keys[i], Err: usage.Error(errors.New("it is a batch and not an upload")),
					Hint: "run its command again, with the same flags: " + batchCommand(a, batches[at]),
				}
			}
			keys[i] = key
		}
	}
	var all []*client.Record
	err = records.Each(ctx, a.console.Log, store, func(r *client.Record) {
		if len(keys) == 0 && (u.Account == "" || u.Account == r.Account) || slices.Contains(keys, r.Key) {
			all = append(all, r)
		}
	})
	slices.SortFunc(all, func(a, b *client.Record) int { return a.Updated.Compare(b.Updated) })
	return all, err
}

// rest is what the server lacks of several uploads with the same settings.
type rest struct {
	target   string // the ENDPOINT
	name     string // the name of the endpoint; "": none
	upload   *flags.Upload
	settings *settings.Settings
	cmd      *cobra.Command
	records  []*client.Record
	err      error // there are no settings for the uploads
}

// restsOf groups records by the settings that they need.
func restsOf(a *app, cmd *cobra.Command, found []*client.Record) []*rest {
	var all []*rest
	for _, r := range found {
		next := newRest(a, cmd, r)
		i := slices.IndexFunc(all, func(other *rest) bool {
			return next.err == nil && other.err == nil && other.target == next.target && other.name == next.name &&
				other.records[0].Account == r.Account && other.inParts() == next.inParts()
		})
		if i < 0 {
			all = append(all, next)
			continue
		}
		all[i].records = append(all[i].records, r)
	}
	return all
}

// newRest finds the settings for the upload of a record: those of the first endpoint with its
// URL that have its account.
func newRest(a *app, cmd *cobra.Command, r *client.Record) *rest {
	out := &rest{records: []*client.Record{r}}
	for _, e := range a.settings.EndpointsAt(r.Endpoint, r.Account) {
		u := &flags.Upload{}
		other := &cobra.Command{Use: uploadsResumeUse, Hidden: true}
		u.RegisterRest(other)
		from, err := a.settings.Fork(other.Flags(), e)
		if err != nil {
			out.err = usage.Error(err)
			return out
		}
		account, err := u.AccountName(a.console, from, u.Account, e.URL)
		if err != nil {
			out.err = usage.Error(err)
			return out
		}
		if account == r.Account {
			cmd.Parent().AddCommand(other) // for the path of the command in hints
			out.target, out.name, out.upload, out.settings, out.cmd = e.URL, e.Name, u, from, other
			return out
		}
	}
	out.err = &advice.Failure{
		Subject: output.Escape(r.Source),
		Err:     usage.Error(fmt.Errorf("the upload is of the account %q, and the settings are not", r.Account)),
		Hint:    "if the credentials are those of this account: --account " + output.Escape(r.Account),
	}
	if r.Account == "" {
		out.err = &advice.Failure{Subject: output.Escape(r.Source), Err: usage.Error(errors.New("the upload is of no account, and the settings have one")), Hint: "run tusker upload again"}
	}
	return out
}

// inParts reports whether the uploads are in parts, which the client still has to join.
func (r *rest) inParts() bool { return len(r.records[0].Parts) > 0 }

// run sends the rest of all uploads.
func (r *rest) run(ctx context.Context, a *app) error {
	if r.err != nil {
		return r.err
	}
	if ctx.Err() != nil {
		return advice.NotStarted(context.Cause(ctx))
	}
	u := r.upload
	metadata, err := flags.ParseMetadata(u.Metadata)
	if err == nil {
		err = u.CheckRest()
	}
	if !r.inParts() {
		metadata, u.NoDefault = nil, true // the server has them since the creation
	}
	if err != nil {
		return usage.Error(err)
	}
	config, err := r.config(ctx, a)
	if err != nil {
		return err
	}
	journal, err := u.OpenJournal(a.console, u.LiftConnectionLimit, &config)
	if err != nil {
		return err
	}
	store, err := records.Open(u.StateDir, a.console.LookupEnv)
	if err != nil {
		return err
	}
	resumed := records.NewResumed(store, incompleteBatches(ctx, a, store), u.Verify)
	defer func() { _ = resumed.Close() }() // each record was written
	config.Ledger = resumed
	c, err := flags.NewClient(config, r.target)
	if err != nil {
		return err
	}
	objects, err := u.OpenRemote(&u.Connection, a.console)
	if err != nil {
		return err
	}
	b := &batch.Batch{
		Console: a.console, Cmd: r.cmd, Upload: u, Client: c, Remote: objects, Records: journal,
		List: r.list(ctx, c, objects), Given: metadata, Again: r.settings.Invocation,
	}
	return b.Run(ctx)
}

// config returns the configuration of the client, without the places of its records.
func (r *rest) config(ctx context.Context, a *app) (client.Config, error) {
	u := r.upload
	u.LimitConnections()
	config, err := u.Config(ctx, a.console)
	if err != nil {
		return config, err
	}
	config.Account = r.records[0].Account
	u.Tune(a.console, &config)
	return config, u.Rules(&u.Connection, r.target, false, &config)
}

// list returns the sources of the records. A source that does not fit its record has an error.
func (r *rest) list(ctx context.Context, c *client.Client, objects *remote.Files) *batch.Listing {
	list := &batch.Listing{}
	folder, _ := os.Getwd()
	for _, record := range r.records {
		if remote.IsName(record.Source) {
			src, err := objects.Open(ctx, record.Source, "")
			if err == nil {
				err = checkRecord(ctx, c, src, record)
			}
			list.AddRemote(record.Source, err)
			continue
		}
		name := relativeTo(folder, record.Source)
		src, err := client.Path(name)
		if err == nil {
			err = checkRecord(ctx, c, src, record)
		}
		list.Add(name, err)
	}
	return list
}

// checkRecord returns an error if the record is not that of the current state of the file.
func checkRecord(ctx context.Context, c *client.Client, src client.Source, record *client.Record) error {
	known, err := c.Lookup(ctx, src)
	if err == nil && (known.Unfinished == nil || known.Unfinished.Key != record.Key) {
		return &advice.Failure{
			Err:  exit.With(exit.Source, fmt.Errorf("%w: it is not the file that the upload was begun with", client.ErrSourceChanged)),
			Hint: "tusker upload sends it again, tusker uploads rm " + records.ShortKey(record.Key) + " removes the record",
		}
	}
	return err
}
