package settings

import (
	"strings"

	"github.com/spf13/pflag"
)

// EnvName is the variable that sets a flag.
func EnvName(flag string) string {
	name := strings.NewReplacer("-", "_", ".", "_").Replace(flag)
	return "TUSKER_" + strings.ToUpper(name)
}

// AddEnvironment adds the variables of the environment.
func (s *Settings) AddEnvironment() error { return s.add(environment(s.console.LookupEnv)) }

// environment is the place of variables. An empty variable counts as none; one
// for a flag that can be repeated holds one value a line.
func environment(lookup func(string) (string, bool)) place {
	return place{name: fromEnvironment, get: func(f *pflag.Flag) ([]string, string, bool) {
		variable := EnvName(f.Name)
		text, ok := lookup(variable)
		if !ok || text == "" {
			return nil, "", false
		}
		values := []string{text}
		if _, list := f.Value.(pflag.SliceValue); list {
			values = nonEmptyLines(text)
		}
		return values, variable, true
	}}
}

func nonEmptyLines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
