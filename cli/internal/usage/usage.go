// Package usage has the arguments of commands: their names in a usage line, how many a
// command takes, and the mark of an error of the command line.
package usage

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/exit"
)

// Stdin is the FILE argument for standard input.
const Stdin = "-"

// Arguments checks the number of arguments. Want describes them in words. A most of
// 0 means that there is no limit.
func Arguments(least, most int, want string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < least || most > 0 && len(args) > most {
			return errors.New("want " + want)
		}
		return nil
	}
}

// NoSuchCommand is the function of commands that only have subcommands.
func NoSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
	}
	return nil
}

// NoArguments is for commands without arguments.
func NoArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return errors.New("want no arguments")
	}
	return nil
}

// Error marks an error of the command line: the exit code of err becomes exit.Usage.
func Error(err error) error { return exit.With(exit.Usage, err) }

// The names of arguments in the usage of commands.
const (
	Endpoint = "ENDPOINT"
	Location = "LOCATION"
)

// First returns the name of the first argument of cmd in its usage, or ""
// without arguments.
func First(cmd *cobra.Command) string {
	for i, word := range strings.Fields(cmd.Use) {
		if i > 0 && word != "[flags]" {
			return strings.TrimRight(strings.Trim(word, "[]"), ".")
		}
	}
	return ""
}
