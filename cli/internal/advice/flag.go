package advice

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/suggest"
)

// flagHint returns a hint for a misspelled flag.
func flagHint(cmd *cobra.Command, wrong *pflag.NotExistError) string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if hint := foreignHint(cmd, wrong.GetSpecifiedName()); hint != "" {
		return hint
	}
	if path := pathWith(cmd, wrong.GetSpecifiedName()); path != "" {
		return "it comes after a command: " + path + " --" + wrong.GetSpecifiedName()
	}
	meant := ""
	if wrong.GetSpecifiedShortnames() == "" {
		meant = suggest.Nearest(wrong.GetSpecifiedName(), slices.Values(names))
	}
	if meant == "" {
		return "see " + cmd.CommandPath() + " --help"
	}
	return "did you mean --" + meant + "?"
}
