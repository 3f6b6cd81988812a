package app

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/records"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/cli/internal/usage"
)

// defaultPruneAge is longer than servers keep unfinished uploads.
const defaultPruneAge = 30 * 24 * time.Hour

type uploadsPrune struct {
	stateDir string
	age      units.Age
	json     bool
}

func uploadsPruneCommand(a *app) *cobra.Command {
	p := &uploadsPrune{age: units.Age(defaultPruneAge)}
	cmd := &cobra.Command{
		Use:   "prune [flags]",
		Short: "Remove old records of unfinished and finished uploads",
		Long: `Removes the records of uploads that were not used for this time, and files that
crashes left in the folder. Records of running uploads and of a newer version of
this program stay. The files that a batch has sent count as records. The records
of upload --skip-sent for an endpoint are removed if the flag was not used with
the endpoint for this time.

The uploads on the server are not deleted.`,
		Example: `  tusker uploads prune
  tusker uploads prune --older-than 720h`,
		Args: usage.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runUploadsPrune(cmd.Context(), a, p) },
	}
	flags.RegisterStateDir(cmd, &p.stateDir)
	cmd.Flags().Var(&p.age, "older-than", "remove records of at least this `age`, such as 12h or 7d; 0 for all")
	cmd.Flags().BoolVar(&p.json, "json", false, "print how many were removed, as JSON")
	return cmd
}

func runUploadsPrune(ctx context.Context, a *app, p *uploadsPrune) error {
	store, err := records.Open(p.stateDir, a.console.LookupEnv)
	if err != nil {
		return err
	}
	removed := 0
	if store != nil {
		removed, err = store.Prune(ctx, time.Duration(p.age))
	}
	if p.json {
		a.console.Out.JSON(prunedJSON{Removed: removed})
	} else {
		a.console.Say("removed %s", units.FormatCount(removed, "record", "records"))
	}
	return err
}

type prunedJSON struct {
	Removed int `json:"removed"`
}
