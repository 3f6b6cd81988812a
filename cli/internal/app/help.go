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

// helpFor returns the help text that the arguments ask for: -h asks for the short text, and
// --help and the command help ask for the whole text.
func helpFor(cmd *cobra.Command, args []string) string {
	if cmd.HasParent() && isShortHelp(args) {
		return shortHelp(cmd)
	}
	return helpText(cmd)
}

// isShortHelp reports whether the arguments ask for the short text and not for the whole one.
func isShortHelp(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.Contains(args, "-h") && !slices.Contains(args, "--help")
}

// shortHelp returns the usage of a command, two examples, and the flags that are used most.
func shortHelp(cmd *cobra.Command) string {
	const examples = 2
	var b strings.Builder
	fmt.Fprintf(&b, "%s.\n\nUsage:\n  %s\n", cmd.Short, useLine(cmd))
	if cmd.Example != "" {
		lines := strings.Split(cmd.Example, "\n")
		fmt.Fprintf(&b, "\nExamples:\n%s\n", strings.Join(lines[:min(len(lines), examples)], "\n"))
	}
	writeCommands(&b, cmd)
	own, _ := splitFlags(cmd)
	if shown := flags.Frequent(own); shown.HasAvailableFlags() {
		fmt.Fprintf(&b, "\nFlags, the most used ones:\n%s", flagUsages(shown))
	}
	fmt.Fprintf(&b, "\n%s --help describes everything.\n", cmd.CommandPath())
	return b.String()
}

// helpText returns the whole text about a command: what it does, examples, and its flags by
// group.
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
	writeCommands(&b, cmd)
	for _, group := range flagGroups(cmd) {
		fmt.Fprintf(&b, "\n%s:\n%s", group.heading, flagUsages(group.flags))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\nMore: %s COMMAND --help\n", cmd.CommandPath())
	}
	return b.String()
}

// flagUsages returns the lines about flags. Package pflag writes "--flag value[=default]" for a
// flag with an optional value, which looks as if the value could be an argument of its own.
func flagUsages(f *pflag.FlagSet) string {
	text := f.FlagUsagesWrapped(helpWidth)
	f.VisitAll(func(flag *pflag.Flag) {
		name, _ := pflag.UnquoteUsage(flag)
		before := fmt.Sprintf("--%s %s[=%s]", flag.Name, name, flag.NoOptDefVal)
		after := fmt.Sprintf("--%s[=%s]", flag.Name, name)
		if name == "" {
			before, after = fmt.Sprintf("--%s[=%s]", flag.Name, flag.NoOptDefVal), "--"+flag.Name
		}
		text = strings.ReplaceAll(text, before, fmt.Sprintf("%-*s", len(before), after))
	})
	return text
}

// writeCommands writes the commands below cmd.
func writeCommands(b *strings.Builder, cmd *cobra.Command) {
	if !cmd.HasAvailableSubCommands() {
		return
	}
	b.WriteString("\nCommands:\n")
	for _, c := range subcommands(cmd) {
		fmt.Fprintf(b, "  %-*s  %s\n", c.NamePadding(), c.Name(), c.Short)
	}
}

// addHelpFlags gives cmd and all commands below it the flag for help.
func addHelpFlags(cmd *cobra.Command) {
	cmd.Flags().BoolP("help", "h", false, "print this text; -h prints a short one")
	for _, c := range cmd.Commands() {
		addHelpFlags(c)
	}
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
	own, general := splitFlags(cmd)
	var groups []flagGroup
	for _, g := range flags.GroupsOf(own) {
		groups = append(groups, flagGroup{string(g.Group), g.Flags})
	}
	groups = append(groups, flagGroup{"Flags of all commands", general})
	return slices.DeleteFunc(groups, func(g flagGroup) bool { return !g.flags.HasAvailableFlags() })
}

// splitFlags returns the flags of cmd itself, and those of all commands.
func splitFlags(cmd *cobra.Command) (own, general *pflag.FlagSet) {
	own, general = pflag.NewFlagSet("", pflag.ContinueOnError), pflag.NewFlagSet("", pflag.ContinueOnError)
	cmd.InitDefaultHelpFlag()
	cmd.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		switch {
		case f.Name == "help", !cmd.HasParent():
			general.AddFlag(f)
		default:
			own.AddFlag(f)
		}
	})
	general.AddFlagSet(cmd.InheritedFlags())
	return own, general
}

func useLine(cmd *cobra.Command) string {
	if cmd.HasAvailableSubCommands() && !strings.Contains(cmd.Use, " ") {
		return cmd.CommandPath() + " COMMAND"
	}
	return cmd.UseLine()
}
