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
		name := settings.Name(f)
		if _, ok := keys[name]; !ok && !slices.Contains(settings.NotInConfig, f.Name) {
			t.Errorf("%s --%s is no key of the config file", cmd.CommandPath(), f.Name)
		}
		if other, ok := types[name]; ok && other != f.Value.Type() {
			t.Errorf("%s --%s is a %s, elsewhere it is a %s", cmd.CommandPath(), f.Name, f.Value.Type(), other)
		}
		types[name] = f.Value.Type()
		variable := settings.EnvName(name)
		if other, ok := variables[variable]; ok && other != name {
			t.Errorf("%s sets %s and %s", variable, name, other)
		}
		variables[variable] = name
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
			if settings.IsSetting(f) && !asked[settings.EnvName(settings.Name(f))] {
				t.Errorf("%s never asks for %s", cmd.CommandPath(), settings.EnvName(settings.Name(f)))
			}
		})
	}
}

// A setting means the same in all commands that have it, so that a variable that is set for one
// command does not change another one. The texts of the flags show that, except for those whose
// texts differ only in what the command does.
func TestSettingsHaveOneMeaning(t *testing.T) {
	t.Parallel()
	sameMeaning := []string{
		"account",           // uploads resume: which records
		"concurrency",       // of files, parts and questions
		"engine-cert",       // job serve: of the engine itself, whose other commands may present it
		"engine-token-file", // job serve: the file is made
		"json",              // the form of the output
		"limit-rate",        // job: the limit of all workers together
		"metadata",          // of one upload, or of each
		"parallel",          // uploads resume: if the upload has parts
	}
	texts := map[string]string{}
	settings.EachFlag(newApp(Streams{}).root(), func(cmd *cobra.Command, f *pflag.Flag) {
		name := settings.Name(f)
		if !settings.IsSetting(f) || slices.Contains(sameMeaning, name) {
			return
		}
		if other, ok := texts[name]; ok && other != f.Usage {
			t.Errorf("%s --%s: %q is the setting %s, which has another meaning in another command: %q; settings.Own gives it a name of its own",
				cmd.CommandPath(), f.Name, f.Usage, name, other)
		}
		texts[name] = f.Usage
		if settings.IsOwn(f) {
			command := strings.Join(strings.Fields(cmd.CommandPath())[1:], "-")
			if want := command + "-" + f.Name; name != want && cmd.Name() != "show" {
				t.Errorf("%s --%s is the setting %s, want %s", cmd.CommandPath(), f.Name, name, want)
			}
		}
	})
}
