package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// credentials are flags of which one is enough.
var credentials = []string{"token-file", "token-command", "user"}

// envName is the variable that sets a flag.
func envName(flag string) string {
	name := strings.NewReplacer("-", "_", ".", "_").Replace(flag)
	return "TUSKER_" + strings.ToUpper(name)
}

// setFromEnv sets the flags that the command line left alone. An empty variable
// counts as none.
func setFromEnv(flags *pflag.FlagSet, lookup func(string) (string, bool)) error {
	given := make(map[string]bool)
	flags.Visit(func(f *pflag.Flag) { given[f.Name] = true })
	for _, name := range credentials {
		given["credentials"] = given["credentials"] || given[name]
	}
	for _, pair := range [][2]string{{"quiet", "verbose"}, {"verbose", "quiet"}} {
		given[pair[0]] = given[pair[0]] || flags.Changed(pair[1])
	}
	var first error
	flags.VisitAll(func(f *pflag.Flag) {
		if first != nil || given[f.Name] || f.Name == "help" || given["credentials"] && slices.Contains(credentials, f.Name) {
			return
		}
		variable := envName(f.Name)
		text, ok := lookup(variable)
		if !ok || text == "" {
			return
		}
		if err := setFlag(flags, f, text); err != nil {
			first = fmt.Errorf("environment variable %s: %w", variable, err)
		}
	})
	return first
}

// setFlag sets f to text, which holds one value a line where the flag can be
// repeated.
func setFlag(flags *pflag.FlagSet, f *pflag.Flag, text string) error {
	if _, ok := f.Value.(pflag.SliceValue); !ok {
		return flags.Set(f.Name, text)
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		if err := flags.Set(f.Name, line); err != nil {
			return err
		}
	}
	return nil
}
