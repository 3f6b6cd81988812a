package app

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/shell"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
)

// trimURL removes white space around the URL that a command begins with, such as the line
// break that a URL from a file ends in.
func trimURL(cmd *cobra.Command, args []string) {
	if first := usage.First(cmd); len(args) > 0 && (first == usage.Endpoint || first == usage.Location) {
		args[0] = strings.TrimSpace(args[0])
	}
}

// checkOrder returns an error if a URL stands behind the files, as with scp and rclone.
func checkOrder(cmd *cobra.Command, args []string) error {
	first := usage.First(cmd)
	if !strings.Contains(cmd.Use, "FILE") || len(args) < 2 || isURL(args[0]) {
		return nil
	}
	i := slices.IndexFunc(args, isURL)
	if i < 0 {
		return nil
	}
	others := slices.Concat(args[:i], args[i+1:])
	for j, arg := range others {
		others[j] = shell.QuotePath(arg)
	}
	hint := first + " comes first, and FILE after it"
	if !output.HasSecret(args[i]) {
		hint += ": " + cmd.CommandPath() + " " + shell.QuoteIfNeeded(args[i], runtime.GOOS) + " " + strings.Join(others, " ")
	}
	return &advice.Failure{Err: usage.Error(fmt.Errorf("%w: %q is not a URL", client.ErrInvalidURL, args[0])), Hint: hint}
}

// isURL reports whether an argument is an http or https URL rather than the name of a file.
func isURL(arg string) bool {
	scheme, _, ok := strings.Cut(strings.TrimSpace(arg), "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}
