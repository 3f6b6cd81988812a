package app

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/usage"
)

func configCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show the settings and the config file",
		Long: `Settings come from, in this order: the command line, the environment, the
endpoint's name in the config file, the config file's own defaults, the profile,
and the program.`,
		Example: `  tusker config show
  tusker config path`,
		Args: usage.NoSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(configPathCommand(a), configShowCommand(a))
	return cmd
}

func configPathCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:         "path",
		Short:       "Print the path of the config file",
		Example:     `  $EDITOR "$(tusker config path)"`,
		Args:        usage.NoArguments,
		Annotations: map[string]string{settings.NoConfig: "it may be broken"},
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, _ := settings.Path(cmd.Flags(), a.console.LookupEnv)
			if path == "" {
				return errors.New("there is no config file; name one with --config FILE")
			}
			a.console.Out.Line("%s", path)
			return nil
		},
	}
}

func configShowCommand(a *app) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "show [flags] [ENDPOINT]",
		Short: "Show the settings in force, and where each comes from",
		Long: `Prints each setting, its value, and where that comes from: the flag, the
environment, an endpoint in the config file, the file's defaults, a profile, or
nowhere (default). ENDPOINT is the name of one, such as work: with the colon. If
it is left out, the default endpoint counts, if there is one. The command takes
the flags of all other commands too.

Passwords, the values of headers, and all but the first word of a token command
are shown as ***.

With --json, each line is an object.`,
		Example: `  tusker config show
  tusker config show work:
  tusker config show --retries 3 --json | jq -r 'select(.from != "default")'`,
		Args:        usage.Arguments(0, 1, "at most one ENDPOINT"),
		Annotations: map[string]string{annotationAll: "it has their flags"},
		RunE: func(_ *cobra.Command, args []string) error {
			runConfigShow(a, args, asJSON)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object on each line")
	return cmd
}

// addFlagsOfAll gives cmd the flags of all commands below root, hidden.
func addFlagsOfAll(cmd, root *cobra.Command) {
	settings.EachFlag(root, func(c *cobra.Command, f *pflag.Flag) {
		name := settings.Name(f)
		if !settings.IsSetting(f) || f.Name == "as" || !c.HasParent() || cmd.Flags().Lookup(name) != nil {
			return
		}
		// The value belongs to the other command, which does not run.
		shared := *f
		shared.Name, shared.Hidden = name, true
		if shared.Shorthand != "" && cmd.Flags().ShorthandLookup(shared.Shorthand) != nil {
			shared.Shorthand = ""
		}
		cmd.Flags().AddFlag(&shared)
	})
}

func runConfigShow(a *app, args []string, asJSON bool) {
	all := append(a.settings.Endpoints(args), a.settings.Effective()...)
	if asJSON {
		for _, s := range all {
			s.Bytes = output.Bytes(s.Value)
			a.console.Out.JSON(s)
		}
		return
	}
	a.console.Out.Columns(func(yield func([]string) bool) {
		if !yield([]string{"SETTING", "VALUE", "FROM"}) {
			return
		}
		for _, s := range all {
			from := s.From
			if s.At != "" {
				from += " (" + s.At + ")"
			}
			if !yield([]string{s.Name, output.Escape(s.Value), output.Escape(from)}) {
				return
			}
		}
	})
}
