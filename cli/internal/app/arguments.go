package app

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/usage"
)

// deferArguments lets cmd and the commands below it take arguments that prepare completes: their
// number is checked after prepare, and they run with the arguments of setArguments.
func deferArguments(cmd *cobra.Command) {
	for _, c := range cmd.Commands() {
		deferArguments(c)
	}
	if target, _ := usage.Target(cmd); target == "" {
		return
	}
	check, run := cmd.Args, cmd.RunE
	cmd.Args = cobra.ArbitraryArgs
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error { return usage.Error(check(cmd, cmd.Flags().Args())) }
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return run(cmd, cmd.Flags().Args()) }
}

// setArguments replaces the arguments of cmd, without a change of its flags.
func setArguments(cmd *cobra.Command, args []string) error {
	return cmd.Flags().Parse(slices.Concat([]string{"--"}, args))
}
