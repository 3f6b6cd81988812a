package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/flags"
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
