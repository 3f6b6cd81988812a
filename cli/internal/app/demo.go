package app

import (
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/demo"
)

func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo [flags] [FILE]",
		Short: "See an upload survive a broken connection",
		Long: `Starts a tusd on loopback, uploads FILE to it (64 MiB made on the spot without
one), really loses the connection half way, goes on from where the server says
that it stands, and compares the SHA-256 of what was sent with that of what
arrived. It needs nothing but this program, and removes its files at the end.

Exit code 0 means that the bytes are the same; 8 that they are not.`,
		Example: `  tusker demo
  tusker demo big.iso`,
		Args: arguments(0, 1, "at most one FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			config := demo.Config{Out: a.out, Logger: slog.New(slog.DiscardHandler)}
			if a.verbose {
				config.Logger = a.log
			}
			if len(args) > 0 {
				config.File = args[0]
			}
			return demo.Run(cmd.Context(), config)
		},
	}
}
