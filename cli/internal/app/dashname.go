package app

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/shell"
	"github.com/tusker-go/tusker/cli/internal/usage"
)

// checkDashNames returns an error if a file may have been taken for a flag, because a pattern
// of the shell such as * named it. Files come after the first argument, so a flag before that
// argument is certainly one, and -- before that argument says that no argument is one.
func checkDashNames(cmd *cobra.Command, args []string) error {
	if !takesFiles(cmd) || cmd.Flags().NArg() == 0 {
		return nil
	}
	first := slices.Index(args, cmd.Flags().Arg(0)) // -1: an ENDPOINT of the settings
	if dash := slices.Index(args, "--"); 0 <= dash && dash < first {
		return nil
	}
	name := dashName(args[first+1:])
	if name == "" {
		return nil
	}
	return &advice.Failure{
		Err:  usage.Error(fmt.Errorf("%s is a flag, and there is a file of that name", shell.QuoteIfNeeded(name, runtime.GOOS))),
		Hint: dashNameHint(name) + "; for the flag, write it before " + usage.First(cmd),
	}
}

// dashNameHint says how to name a file whose name begins with a dash.
func dashNameHint(name string) string {
	return "for the file, write " + shell.QuotePath(name) + ", or -- before all names"
}

// takesFiles reports whether the arguments of cmd are names of files.
func takesFiles(cmd *cobra.Command) bool { return strings.Contains(cmd.Use, "FILE") }

// dashName returns the first argument that looks like a flag and is the name of a file, or "".
func dashName(args []string) string {
	for _, arg := range args {
		if arg == "--" {
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			continue
		}
		if _, err := os.Lstat(arg); err == nil {
			return arg
		}
	}
	return ""
}
