package app

import (
	"iter"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/suggest"
)

// warnOfVariables reports variables of the environment that are probably misspelled settings
// of cmd or of other commands. Other variables may have the same prefix, such as those of a
// script. In a command of --exec, most variables describe an upload.
func (a *app) warnOfVariables(cmd *cobra.Command) {
	if a.environ == nil || !readsConfig(cmd) || settings.IsExec(a.console.LookupEnv) {
		return
	}
	for _, entry := range a.environ() {
		name, value, _ := strings.Cut(entry, "=")
		if value == "" || !strings.HasPrefix(name, variablePrefix) || isVariableOf(cmd, name) {
			continue
		}
		if meant := meantVariable(name, a.variableNames()); meant != "" {
			a.console.Say("%s is not a setting: did you mean %s?", output.Escape(name), meant)
		}
	}
}

// variablePrefix is what the names of all variables that are settings begin with.
const variablePrefix = "TUSKER_"

// isVariableOf reports whether the variable is a setting of cmd, as most variables are. The names
// of all settings take time.
func isVariableOf(cmd *cobra.Command, name string) bool {
	found := name == settings.EndpointVariable
	cmd.Flags().VisitAll(func(f *pflag.Flag) { found = found || settings.EnvName(settings.Name(f)) == name })
	return found
}

// meantVariable returns the variable of known that name is a misspelling of, or "".
func meantVariable(name string, known iter.Seq[string]) string {
	meant := suggest.Misspelled(strings.TrimPrefix(name, variablePrefix), func(yield func(string) bool) {
		for variable := range known {
			if !yield(strings.TrimPrefix(variable, variablePrefix)) {
				return
			}
		}
	})
	if meant == "" {
		return ""
	}
	return variablePrefix + meant
}

// variableNames yields the variables that are settings.
func (a *app) variableNames() iter.Seq[string] {
	return func(yield func(string) bool) {
		more := yield(settings.EndpointVariable)
		settings.EachFlag(a.allCommands(), func(_ *cobra.Command, f *pflag.Flag) {
			more = more && yield(settings.EnvName(settings.Name(f)))
		})
	}
}
