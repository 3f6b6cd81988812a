package app

import (
	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/usage"
)

func uploadsCommand(a *app) *cobra.Command {
	cmd := uploadsListCommand(a)
	cmd.Use = "uploads [flags]"
	cmd.Example = `  tusker uploads
  tusker uploads resume --all
  tusker uploads rm 3f9a1c2b
  tusker uploads prune --older-than 7d`
	cmd.Args = usage.NoSuchCommand
	cmd.AddCommand(uploadsListCommand(a), uploadsResumeCommand(a), uploadsRemoveCommand(a), uploadsPruneCommand(a))
	return cmd
}
