package app

import (
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/demo"
	"github.com/tusker-go/tusker/cli/internal/usage"
)

func demoCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "demo [flags] [FILE]",
		Short: "See an upload survive a broken connection",
		Long: `Starts a tusd on loopback and uploads FILE to it, or 64 MiB made on the spot if
no FILE is given. The connection is cut half way, and the upload resumes at the
offset that the server names. The command compares the SHA-256 of the source
with that of the stored bytes. It needs nothing but this program, and removes
its files at the end.

Exit code 0 means that the bytes are the same; 8 that they are not.`,
		Example: `  tusker demo
  tusker demo big.iso`,
		Args: usage.Arguments(0, 1, "at most one FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			config := demo.Config{Out: a.console.Out, Logger: slog.New(slog.DiscardHandler)}
			if a.console.IsVerbose() {
				config.Logger = a.console.Log
			}
			if len(args) > 0 {
				config.File = args[0]
			}
			return demo.Run(cmd.Context(), config)
		},
	}
}
