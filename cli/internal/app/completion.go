package app

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/logs"
	"github.com/tusker-go/tusker/cli/internal/profile"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/usage"
)

// shells are the shells for which completion prints scripts.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func completionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that makes a shell complete commands",
		Long: `Prints a script that makes SHELL complete the commands, flags and arguments of
tusker, and the names of endpoints in the config file. SHELL is bash, zsh, fish
or powershell. The script for bash also works without the package
bash-completion: source it in ~/.bashrc then.`,
		Example: `  tusker completion bash > ~/.local/share/bash-completion/completions/tusker
  echo 'source <(tusker completion bash)' >> ~/.bashrc
  tusker completion zsh > "${fpath[1]}/_tusker"
  tusker completion fish > ~/.config/fish/completions/tusker.fish
  tusker completion powershell | Out-String | Invoke-Expression`,
		Args:              usage.Arguments(1, 1, "one SHELL"),
		ValidArgsFunction: completeFirst(func() iter.Seq[string] { return slices.Values(shells) }),
		Annotations:       map[string]string{settings.NoConfig: "a shell starts with it"},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch root := cmd.Root(); args[0] {
			case "bash":
				return bashCompletion(root, a.console.Out)
			case "zsh":
				return root.GenZshCompletion(a.console.Out)
			case "fish":
				return root.GenFishCompletion(a.console.Out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.console.Out)
			}
			return usage.Error(fmt.Errorf("SHELL %q is not one of %s", args[0], strings.Join(shells, ", ")))
		},
	}
}

// completeFirst completes the first argument to one of the names.
func completeFirst(names func() iter.Seq[string]) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return slices.Collect(names()), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeNothing completes neither files nor anything else.
func completeNothing(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// flagValues are the values that complete a flag.
var flagValues = map[string][]string{
	"progress":   {"auto", "bar", "plain", "none"},
	"skip-sent":  {"true", "false", "local"},
	"log-format": {logs.Console, logs.JSON},
	"recreate":   slices.Sorted(maps.Keys(flags.Recreates)),
	"checksum":   {"auto", "sha1", "sha256", "sha512", "md5", "crc32"},
	"parallel":   {"auto"},
	"profile":    slices.Collect(profile.Names()),
}

// addCompletions registers the completions of root and all commands below it.
func addCompletions(root *cobra.Command, lookup func(string) (string, bool)) {
	settings.EachFlag(root, func(cmd *cobra.Command, f *pflag.Flag) {
		_ = cmd.RegisterFlagCompletionFunc(f.Name, completeFlag(f.Name, lookup))
	})
	for _, cmd := range root.Commands() {
		if cmd.ValidArgsFunction == nil {
			cmd.ValidArgsFunction = completeArgument(lookup)
		}
		for _, sub := range cmd.Commands() {
			if sub.ValidArgsFunction == nil {
				sub.ValidArgsFunction = completeArgument(lookup)
			}
		}
	}
}

func completeFlag(name string, lookup func(string) (string, bool)) cobra.CompletionFunc {
	values, known := flagValues[name]
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		switch {
		case known:
			return values, cobra.ShellCompDirectiveNoFileComp
		case name == "output" && cmd.Name() == "upload":
			return flags.OutputFormats(), cobra.ShellCompDirectiveNoFileComp
		case name == "as":
			return settings.EndpointNames(cmd, lookup, ""), cobra.ShellCompDirectiveNoFileComp
		case name == "state-dir", name == "move-to":
			return nil, cobra.ShellCompDirectiveFilterDirs
		case name == "config", slices.Contains(settings.PathFlags, name), slices.Contains(outputFlags, name):
			return nil, cobra.ShellCompDirectiveDefault
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

// outputFlags name files that the command writes.
var outputFlags = []string{"output", "junit"}

// completeArgument uses the names of the arguments in the usage of a command.
func completeArgument(lookup func(string) (string, bool)) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		words := slices.DeleteFunc(strings.Fields(cmd.Use)[1:], func(word string) bool { return word == "[flags]" })
		if len(words) == 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		word := words[min(len(args), len(words)-1)]
		last := len(args) >= len(words)
		switch name := strings.TrimRight(strings.Trim(word, "[]"), "."); {
		case last && !strings.HasSuffix(strings.Trim(word, "[]"), "..."):
		case name == usage.Endpoint && slices.Contains(words, "FILE..."):
			return settings.EndpointNames(cmd, lookup, ":"), cobra.ShellCompDirectiveDefault
		case name == usage.Endpoint:
			return settings.EndpointNames(cmd, lookup, ":"), cobra.ShellCompDirectiveNoFileComp
		case name == "FILE":
			return nil, cobra.ShellCompDirectiveDefault
		case name == "DIR":
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}
