package flags

import (
	"slices"

	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/settings"
)

// Group is a group of flags. Its value is the heading of the group in help texts.
type Group string

// GroupCommand has the flags that belong to no other group, such as those of a single command.
const GroupCommand Group = "Flags"

// groups has the names of flags by group, in the order of help texts. A name has the same
// meaning in all commands, except for flags that settings.Own marks.
var groups = []struct {
	group Group
	names []string
}{
	{GroupCommand, nil},
	{"Flags for the choice of files", []string{
		"recursive", "include", "exclude", "exclude-from", "min-size", "max-size", "newer-than", "follow-symlinks", "files-from", "null",
		"order-by", "if-empty", "watch", "watch-settle",
	}},
	{"Flags for what is sent", []string{
		"metadata", "no-default-metadata", "profile", "snapshot", "refuse-in-use", "dry-run",
	}},
	{"Flags for standard input, pipes and devices", []string{
		"from-command", "size", "stream-window", "spool", "same-stream",
	}},
	{"Flags for speed and the size of requests", []string{
		"concurrency", "parallel", "limit-rate", "chunk-size", "no-inline",
	}},
	{"Flags for correctness", []string{"checksum", "verify"}},
	{"Flags about earlier runs", []string{
		"skip-sent", "no-resume", "recreate", "account", "state-dir",
	}},
	{"Flags for what follows an upload", []string{"exec", "delete-after", "move-to"}},
	{"Flags for results and progress", []string{
		"output", "json", "manifest", "print-header", "progress",
	}},
	{"Flags for jobs and their engine", []string{
		"root", "until-done", "drain", "metrics", "lease", "attempts", "replicas",
		"engine", "engine-creds", "engine-token-file", "engine-cacert", "engine-cert", "engine-key", "engine-wait",
	}},
	{"Flags for credentials and headers", []string{
		"token-file", "token-command", "user", "netrc", "netrc-file", "no-sign-request", "request-payer", "header", "trust-origin", "as",
	}},
	{"Flags for the connection", []string{
		"protocol", "cacert", "cert", "key", "insecure", "proxy", "unix-socket", "http1.1", "method-override", "no-sendfile",
	}},
	{"Flags for retries and time limits", []string{
		"retries", "retry-max-wait", "stall-timeout", "finish-timeout", "timeout",
	}},
}

// frequent are the flags that a short help text shows, in its order.
var frequent = []string{
	"root", "until-done", "engine",
	"recursive", "exclude", "metadata", "parallel", "limit-rate", "skip-sent", "verify", "dry-run", "json",
	"token-file", "user", "header", "retries",
}

// Grouped is a group with flags of a command.
type Grouped struct {
	Group Group
	Flags *pflag.FlagSet
}

// GroupsOf returns the flags of f in groups, in the order of help texts, without empty groups.
func GroupsOf(f *pflag.FlagSet) []Grouped {
	var all []Grouped
	for _, g := range groups {
		set := newSet()
		for _, name := range g.names {
			if flag := f.Lookup(name); flag != nil && hasGroup(flag) {
				set.AddFlag(flag)
			}
		}
		if g.group == GroupCommand {
			f.VisitAll(func(flag *pflag.Flag) {
				if !hasGroup(flag) {
					set.AddFlag(flag)
				}
			})
		}
		if set.HasAvailableFlags() {
			all = append(all, Grouped{g.group, set})
		}
	}
	return all
}

// Frequent returns the flags of f that a short help text shows: those of a single command, and
// then those that are used most.
func Frequent(f *pflag.FlagSet) *pflag.FlagSet {
	set := newSet()
	f.VisitAll(func(flag *pflag.Flag) {
		if !hasGroup(flag) {
			set.AddFlag(flag)
		}
	})
	for _, name := range frequent {
		if flag := f.Lookup(name); flag != nil {
			set.AddFlag(flag)
		}
	}
	return set
}

// hasGroup reports whether a flag belongs to a group other than GroupCommand. A flag of the same
// name that has another meaning does not.
func hasGroup(flag *pflag.Flag) bool {
	if settings.IsOwn(flag) {
		return false
	}
	for _, g := range groups {
		if slices.Contains(g.names, flag.Name) {
			return true
		}
	}
	return false
}
