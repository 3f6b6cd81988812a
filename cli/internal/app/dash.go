package app

import (
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// quotePath returns path as one word of a command. A path that begins with a dash gets "./",
// so that no command takes it for a flag. A lone dash is standard input or output.
func quotePath(path string) string {
	if len(path) > 1 && strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	return quoteWhereNeeded(path, runtime.GOOS)
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
	return "for the file of that name, write " + quotePath(name)
}
