package app

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/config"
	"github.com/tusker-go/tusker/cli/internal/output"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show the settings and the config file",
		Long: `Settings come from, in this order: the command line, the environment, the
endpoint's name in the config file, the config file's own defaults, the profile,
and the program.`,
		Example: `  tusker config show
  tusker config path`,
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.configPathCommand())
	return cmd
}

func (a *app) configPathCommand() *cobra.Command {
	return &cobra.Command{
		Use:         "path",
		Short:       "Say where the config file is, or would be",
		Example:     `  $EDITOR "$(tusker config path)"`,
		Args:        noArguments,
		Annotations: map[string]string{annotationNoConfig: "it may be broken"},
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, _ := a.configPath(cmd.Flags())
			if path == "" {
				return errors.New("there is none; name one with --config FILE")
			}
			a.out.Line("%s", path)
			return nil
		},
	}
}

// configShowCommand takes the flags of all commands of root.
func (a *app) configShowCommand(root *cobra.Command) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "show [flags] [ENDPOINT]",
		Short: "Show the settings in force, and where each comes from",
		Long: `Prints each setting, its value, and where that comes from: the flag, the
environment, an endpoint in the config file, the file's defaults, a profile, or
nowhere (default). ENDPOINT is the name of one, such as work: with the colon.
It takes the flags of all other commands too.

Passwords, the values of headers, and all but the first word of a token command
are shown as ***.

With --json it is one object a line.`,
		Example: `  tusker config show
  tusker config show work:
  tusker config show --retries 3 --json | jq -r 'select(.from != "default")'`,
		Args: arguments(0, 1, "at most one ENDPOINT"),
		RunE: func(_ *cobra.Command, args []string) error {
			a.configShow(args, asJSON)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object a line")
	eachFlag(root, func(c *cobra.Command, f *pflag.Flag) {
		if f.Name == "help" || f.Name == "as" || !c.HasParent() || cmd.Flags().Lookup(f.Name) != nil {
			return
		}
		// The value belongs to the other command, which does not run.
		shared := *f
		shared.Hidden = true
		if shared.Shorthand != "" && cmd.Flags().ShorthandLookup(shared.Shorthand) != nil {
			shared.Shorthand = ""
		}
		cmd.Flags().AddFlag(&shared)
	})
	return cmd
}

// shownSetting is the effective value of a setting.
type shownSetting struct {
	Name  string `json:"setting"`
	Value string `json:"value"`
	Bytes []byte `json:"value_bytes,omitempty"` // of a value that is not UTF-8
	From  string `json:"from"`
	At    string `json:"at,omitempty"`
}

func (a *app) configShow(args []string, asJSON bool) {
	all := a.settings.shown()
	if len(args) > 0 {
		url := shownSetting{Name: "url", Value: output.RedactURL(args[0]), From: fromFlag}
		if a.again.as != "" {
			url.From, url.At = fromEndpoint, a.again.as
		}
		all = append([]shownSetting{url}, all...)
	}
	if asJSON {
		for _, s := range all {
			s.Bytes = output.Bytes(s.Value)
			a.out.JSON(s)
		}
		return
	}
	a.out.Columns(func(yield func([]string) bool) {
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

// shown returns the values of all flags. A flag with a list has one row for each
// value.
func (s *settings) shown() []shownSetting {
	var all []shownSetting
	s.flags.VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		origins, set := s.origins[f.Name]
		values := valuesOf(f)
		if len(values) == 0 {
			values = []string{""}
		}
		for i, value := range values {
			row := shownSetting{Name: f.Name, Value: hidden(f.Name, value), From: fromDefault}
			switch {
			case i < len(origins):
				row.From, row.At = origins[i].place, origins[i].at
			case set:
				row.From = fromFile // an empty list
			}
			all = append(all, row)
		}
	})
	return all
}

const hiddenText = "***"

// hidden returns the value of a flag without its secrets.
func hidden(flag, value string) string {
	if value == "" {
		return ""
	}
	switch flag {
	case "header":
		name, _, ok := strings.Cut(value, ":")
		if !ok {
			return hiddenText
		}
		return strings.TrimSpace(name) + ": " + hiddenText
	case "user":
		name, _, ok := strings.Cut(value, ":")
		if !ok {
			return name
		}
		return name + ":" + hiddenText
	case "token-command":
		first, _, more := strings.Cut(value, " ")
		if !more {
			return first
		}
		return first + " " + hiddenText
	case "proxy":
		if config.IsSecret(flag, value) {
			return output.RedactURL(value)
		}
	}
	return value
}
