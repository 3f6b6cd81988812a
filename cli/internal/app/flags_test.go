package app

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/settings"
)

// The environment and the config file can set each flag, except --output of download, and a
// flag has the same type in all commands.
func TestEveryFlagIsASetting(t *testing.T) {
	t.Parallel()
	root := newApp(Streams{}).root()
	keys := settings.ConfigKeys(root)
	variables, types := map[string]string{}, map[string]string{}
	settings.EachFlag(root, func(cmd *cobra.Command, f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		if _, ok := keys[f.Name]; !ok && !slices.Contains(settings.NotInConfig, f.Name) {
			t.Errorf("%s --%s is no key of the config file", cmd.CommandPath(), f.Name)
		}
		if other, ok := types[f.Name]; ok && other != f.Value.Type() {
			t.Errorf("%s --%s is a %s, elsewhere it is a %s", cmd.CommandPath(), f.Name, f.Value.Type(), other)
		}
		types[f.Name] = f.Value.Type()
		variable := settings.EnvName(f.Name)
		if other, ok := variables[variable]; ok && other != f.Name {
			t.Errorf("%s sets --%s and --%s", variable, f.Name, other)
		}
		variables[variable] = f.Name
		if strings.Trim(variable, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
			t.Errorf("no shell can set %s", variable)
		}
	})
	for _, cmd := range allCommands(root) {
		asked := map[string]bool{}
		err := settings.New(&console.Console{LookupEnv: func(name string) (string, bool) {
			asked[name] = true
			return "", false
		}}, cmd.Flags()).AddEnvironment()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if settings.IsSetting(f) && !asked[settings.EnvName(f.Name)] {
				t.Errorf("%s never asks for %s", cmd.CommandPath(), settings.EnvName(f.Name))
			}
		})
	}
}
