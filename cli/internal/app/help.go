package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/usage"
)

// helpWidth is the number of columns that help texts fit into.
const helpWidth = 80

// helpText returns what a command is for: examples first, and its own flags before
// those that many commands share.
func helpText(cmd *cobra.Command) string {
	var b strings.Builder
	text := cmd.Long
	if text == "" {
		text = cmd.Short
	}
	fmt.Fprintf(&b, "%s\n\nUsage:\n  %s\n", text, useLine(cmd))
	if cmd.Example != "" {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\nCommands:\n")
		for _, c := range subcommands(cmd) {
			fmt.Fprintf(&b, "  %-*s  %s\n", c.NamePadding(), c.Name(), c.Short)
		}
	}
	for _, group := range flagGroups(cmd) {
		fmt.Fprintf(&b, "\n%s:\n%s", group.heading, group.flags.FlagUsagesWrapped(helpWidth))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\nMore: %s COMMAND --help\n", cmd.CommandPath())
	}
	return b.String()
}

// helpCommand is the command help. A command that does not exist is an error.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Describe a command and its flags",
		Example: `  tusker help upload`,
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err == nil && len(rest) > 0 {
				err = usage.NoSuchCommand(found, rest)
				if err == nil || !found.HasSubCommands() {
					err = fmt.Errorf("%s has no command %q", found.CommandPath(), rest[0])
				}
			}
			if err != nil {
				return usage.Error(&advice.Failure{Err: err, Hint: suggestion(cmd.Root(), args)})
			}
			return found.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			found, _, err := cmd.Root().Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return slices.Collect(commandNames(found)), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// subcommands are those that people are to know of.
func subcommands(cmd *cobra.Command) []*cobra.Command {
	var all []*cobra.Command
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() || c.Name() == "help" {
			all = append(all, c)
		}
	}
	return all
}

// flagGroup is flags under a heading.
type flagGroup struct {
	heading string
	flags   *pflag.FlagSet
}

// flagGroups returns the flags of cmd that people are to know of, without empty groups.
func flagGroups(cmd *cobra.Command) []flagGroup {
	sets := make(map[flags.Group]*pflag.FlagSet)
	for _, group := range flags.Groups() {
		sets[group] = pflag.NewFlagSet("", pflag.ContinueOnError)
	}
	cmd.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		// The root's flags are those of all commands.
		if cmd.HasParent() || cmd.PersistentFlags().Lookup(f.Name) == nil {
			sets[flags.GroupOf(f)].AddFlag(f)
		}
	})
	var groups []flagGroup
	for _, group := range flags.Groups() {
		groups = append(groups, flagGroup{string(group), sets[group]})
	}
	general := cmd.InheritedFlags()
	if !cmd.HasParent() {
		general = cmd.PersistentFlags()
	}
	groups = append(groups, flagGroup{"Flags of all commands", general})
	return slices.DeleteFunc(groups, func(g flagGroup) bool { return !g.flags.HasAvailableFlags() })
}

func useLine(cmd *cobra.Command) string {
	if cmd.HasAvailableSubCommands() && !strings.Contains(cmd.Use, " ") {
		return cmd.CommandPath() + " COMMAND"
	}
	return cmd.UseLine()
}
