package app

import (
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/client"
)

// trimURL removes white space around the URL that a command begins with, such as the line
// break that a URL from a file ends in.
func trimURL(cmd *cobra.Command, args []string) {
	if first := firstArgument(cmd); len(args) > 0 && (first == argEndpoint || first == argLocation) {
		args[0] = strings.TrimSpace(args[0])
	}
}

// checkOrder returns an error if a URL stands behind the files, as with scp and rclone.
func checkOrder(cmd *cobra.Command, args []string) error {
	first := firstArgument(cmd)
	if !strings.Contains(cmd.Use, "FILE") || len(args) < 2 || isURL(args[0]) {
		return nil
	}
	i := slices.IndexFunc(args, isURL)
	if i < 0 {
		return nil
	}
	others := slices.Concat(args[:i], args[i+1:])
	for j, arg := range others {
		others[j] = quotePath(arg)
	}
	hint := first + " comes first, and FILE after it"
	if !hasSecret(args[i]) {
		hint += ": " + cmd.CommandPath() + " " + quoteWhereNeeded(args[i], runtime.GOOS) + " " + strings.Join(others, " ")
	}
	return &failure{err: usage(fmt.Errorf("%w: %q is not a URL", client.ErrInvalidURL, args[0])), hint: hint}
}

// isURL reports whether an argument is an http or https URL rather than the name of a file.
func isURL(arg string) bool {
	scheme, _, ok := strings.Cut(strings.TrimSpace(arg), "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// urlHint says how to write the URL that target is meant to be.
func urlHint(target string) string {
	const form = "a URL is written like https://tus.example/files/"
	host, _, _ := strings.Cut(target, "/")
	switch {
	case strings.Contains(target, "://"), host == "", strings.HasPrefix(host, "."), strings.Contains(target, "@"):
		return form
	case strings.Contains(host, "."), host == "localhost", hasPort(host):
		return form + ": put http:// or https:// before " + quoteWhereNeeded(host, runtime.GOOS)
	}
	return form
}

func hasPort(host string) bool {
	_, port, err := net.SplitHostPort(host)
	return err == nil && port != ""
}
