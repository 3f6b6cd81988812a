package app

import (
	"iter"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/suggest"
)

// suggestion returns a hint for a command that does not exist.
func suggestion(root *cobra.Command, args []string) string {
	cmd := root
	for _, arg := range withoutFlags(root, args) {
		if !cmd.HasSubCommands() {
			return ""
		}
		if found, _, err := cmd.Find([]string{arg}); err == nil && found != cmd {
			cmd = found
			continue
		}
		if cmd == root {
			if hint := advice.ForeignCommand(arg); hint != "" {
				return hint
			}
		}
		if meant := suggest.Nearest(arg, commandNames(cmd)); meant != "" {
			return "did you mean " + cmd.CommandPath() + " " + meant + "?"
		}
		if _, err := os.Stat(arg); cmd == root && (err == nil || strings.Contains(arg, "://")) {
			return "tusker upload ENDPOINT FILE... uploads files"
		}
		return ""
	}
	return ""
}

// withoutFlags returns the arguments without the flags of root and their values.
func withoutFlags(root *cobra.Command, args []string) []string {
	var rest []string
	isValue := false
	for _, arg := range args {
		if name, ok := strings.CutPrefix(arg, "--"); ok {
			f := root.PersistentFlags().Lookup(name)
			isValue = f != nil && f.NoOptDefVal == ""
			continue
		}
		if !isValue && !strings.HasPrefix(arg, "-") {
			rest = append(rest, arg)
		}
		isValue = false
	}
	return rest
}

func commandNames(cmd *cobra.Command) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, c := range subcommands(cmd) {
			if !yield(c.Name()) {
				return
			}
		}
	}
}
