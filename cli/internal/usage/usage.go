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
	Job      = "JOB"
)

// remote is the annotation of AllowRemote.
const remote = "tusker_remote"

// AllowRemote says that a FILE of cmd may be a URL. The first URL is then its ENDPOINT.
func AllowRemote(cmd *cobra.Command) {
	if cmd.Annotations == nil {
		cmd.Annotations = make(map[string]string)
	}
	cmd.Annotations[remote] = ""
}

// TakesRemote reports whether a FILE of cmd may be a URL.
func TakesRemote(cmd *cobra.Command) bool {
	_, ok := cmd.Annotations[remote]
	return ok
}

// First returns the name of the first argument of cmd in its usage, or ""
// without arguments.
func First(cmd *cobra.Command) string {
	if names := argumentNames(cmd); len(names) > 0 {
		return names[0]
	}
	return ""
}

// Target returns Endpoint or Location if cmd takes it as its first argument, or as its second
// one after the name of a job, and the number of arguments before it. Name is "" if cmd takes
// neither.
func Target(cmd *cobra.Command) (name string, before int) {
	for i, name := range argumentNames(cmd) {
		switch {
		case name == Endpoint, name == Location:
			return name, i
		case name != Job:
			return "", 0
		}
	}
	return "", 0
}

// TargetOf returns the argument of cmd that Target describes, or "" if there is none.
func TargetOf(cmd *cobra.Command) string {
	_, before := Target(cmd)
	return cmd.Flags().Arg(before)
}

// argumentNames returns the names of the arguments in the usage of cmd.
func argumentNames(cmd *cobra.Command) []string {
	var names []string
	for i, word := range strings.Fields(cmd.Use) {
		if i > 0 && word != "[flags]" {
			names = append(names, strings.TrimRight(strings.Trim(word, "[]"), "."))
		}
	}
	return names
}
