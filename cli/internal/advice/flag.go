package advice

import (
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/shell"
	"github.com/tusker-go/tusker/cli/internal/suggest"
)

// flagHint returns a hint for a misspelled flag.
func flagHint(cmd *cobra.Command, wrong *pflag.NotExistError) string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if hint := fileHint(cmd, wrong); hint != "" {
		return hint
	}
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

// fileHint is for a file whose name was taken for a flag, or "".
func fileHint(cmd *cobra.Command, wrong *pflag.NotExistError) string {
	name := "--" + wrong.GetSpecifiedName()
	if short := wrong.GetSpecifiedShortnames(); short != "" {
		name = "-" + short
	}
	if _, err := os.Lstat(name); err != nil || !strings.Contains(cmd.Use, "FILE") {
		return ""
	}
	return "for the file of that name, write " + shell.QuotePath(name)
}
