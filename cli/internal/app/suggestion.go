package app

import (
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/suggest"
)

// suggestion returns a hint for a misspelled command.
func suggestion(root *cobra.Command, args []string) string {
	cmd := root
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") {
			continue
		}
		if !cmd.HasSubCommands() {
			return ""
		}
		if found, _, err := cmd.Find([]string{arg}); err == nil && found != cmd {
			cmd = found
			continue
		}
		if meant := suggest.Nearest(arg, commandNames(cmd)); meant != "" {
			return "did you mean " + cmd.CommandPath() + " " + meant + "?"
		}
		return ""
	}
	return ""
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
