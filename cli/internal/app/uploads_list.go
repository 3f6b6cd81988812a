package app

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/records"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
)

type uploadsList struct {
	stateDir string
	json     bool
}

func uploadsListCommand(a *app) *cobra.Command {
	l := &uploadsList{}
	cmd := &cobra.Command{
		Use:   "list [flags]",
		Short: "List the unfinished uploads of this machine",
		Long: `Prints the uploads that were begun on this machine and are not finished. The
newest is the last. The columns are

  KEY       the beginning of the key, for "uploads resume" and "uploads rm"
  AGE       the time since the upload was last used
  PROGRESS  how much the server had then, or that it refused the upload
  FILE      the file, relative to the current directory if it is below it
  UPLOAD    the URL without its query
  ACCOUNT   the account, if an upload has one

Upload commands for several files that are not complete follow as batches, with
the number of files that the same command does not send again. They are
remembered for 7 days after the last file.

Long names and URLs are shortened in their middle, so that a row fits into the
terminal, or into 80 columns. With --json, each line is an object with the whole
path and the whole URL. A URL with a query may be all that somebody needs to
write to the upload.`,
		Example: `  tusker uploads list
  tusker uploads list --json | jq -r .source`,
		Args: usage.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runUploadsList(cmd.Context(), a, l) },
	}
	flags.RegisterStateDir(cmd, &l.stateDir)
	cmd.Flags().BoolVar(&l.json, "json", false, "print an object on each line")
	return cmd
}

func runUploadsList(ctx context.Context, a *app, l *uploadsList) error {
	store, err := records.Open(l.stateDir, a.console.LookupEnv)
	if err != nil {
		return err
	}
	if l.json {
		err := records.Each(ctx, a.console.Log, store, func(r *client.Record) { a.console.Out.JSON(r) })
		for _, b := range incompleteBatches(ctx, a, store) {
			a.console.Out.JSON(newBatchJSON(b))
		}
		return err
	}
	defer setGarbage(listGarbage)()
	var all []packed
	err = records.Each(ctx, a.console.Log, store, func(r *client.Record) { all = append(all, pack(newUnfinished(r))) })
	batches := incompleteBatches(ctx, a, store)
	if len(all) > 0 {
		a.console.Out.Aligned(unfinishedTable(all, time.Now(), a.console.Out.Width()))
	} else if err == nil && len(batches) == 0 {
		a.console.Say("no unfinished uploads")
	}
	if len(batches) > 0 {
		if len(all) > 0 {
			a.console.Out.Line("")
		}
		a.console.Out.Columns(batchTable(batches, time.Now(), a.console.Out.Width()))
	}
	return err
}
