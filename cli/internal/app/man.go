package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/manpage"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/cli/internal/version"
)

// manCommand is a command for people who package the program.
func manCommand(*app) *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the manual pages",
		Hidden: true,
		Long: `Writes a manual page for each command into DIR, which is created if it does not
exist. The pages are the same for the same program.`,
		Example:     `  tusker man dist/man && man -l dist/man/tusker-upload.1`,
		Args:        usage.Arguments(1, 1, "one DIR"),
		Annotations: map[string]string{settings.NoConfig: "pages are the same for everybody", annotationAll: "it describes them"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			return writeManual(cmd.Root(), args[0])
		},
	}
}

func writeManual(cmd *cobra.Command, dir string) error {
	if err := writePage(manualPage(cmd), dir); err != nil {
		return err
	}
	for _, c := range subcommands(cmd) {
		if c.Name() == "help" {
			continue
		}
		if err := writeManual(c, dir); err != nil {
			return err
		}
	}
	return nil
}

func writePage(page manpage.Page, dir string) (err error) {
	f, err := os.Create(filepath.Join(dir, page.Name+".1"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = page.WriteTo(f)
	return err
}

func manualPage(cmd *cobra.Command) manpage.Page {
	cmd.InitDefaultHelpFlag()
	page := manpage.Page{
		Name: pageName(cmd), Version: version.String(), Short: cmd.Short,
		Synopsis: useLine(cmd), Description: cmd.Long, Examples: cmd.Example,
	}
	if page.Description == "" {
		page.Description = cmd.Short + "."
	}
	if cmd.HasParent() {
		page.SeeAlso = append(page.SeeAlso, pageName(cmd.Parent()))
	}
	commands := manpage.Section{Heading: "Commands"}
	for _, c := range subcommands(cmd) {
		if c.Name() != "help" {
			commands.Items = append(commands.Items, manpage.Item{Term: c.Name(), Text: c.Short})
			page.SeeAlso = append(page.SeeAlso, pageName(c))
		}
	}
	if len(commands.Items) > 0 {
		page.Sections = append(page.Sections, commands)
	}
	for _, group := range flagGroups(cmd) {
		section := manpage.Section{Heading: group.heading}
		group.flags.VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				section.Items = append(section.Items, flagItem(f))
			}
		})
		page.Sections = append(page.Sections, section)
	}
	return page
}

func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

func flagItem(f *pflag.Flag) manpage.Item {
	argument, text := pflag.UnquoteUsage(f)
	item := manpage.Item{Term: "--" + f.Name, Argument: argument, Text: text}
	if f.Shorthand != "" {
		item.Term = "-" + f.Shorthand + ", " + item.Term
	}
	switch f.DefValue {
	case "", "0", "0s", "false", "[]":
	default:
		item.Text += " (default " + f.DefValue + ")"
	}
	return item
}
