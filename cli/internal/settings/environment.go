package settings

import (
	"strings"

	"github.com/spf13/pflag"
)

// Variables of the environment of a command that --exec runs.
const (
	// EnvExec says that the other variables describe an upload.
	EnvExec = "TUSKER_IN_EXEC"
	// EnvSize is the size of the upload. Otherwise it is the setting of --size.
	EnvSize = "TUSKER_SIZE"
)

// IsExec reports whether the program runs in a command of --exec.
func IsExec(lookup func(string) (string, bool)) bool {
	value, _ := lookup(EnvExec)
	return value != ""
}

// notInVariables has the characters of the names of settings that the names of variables lack.
var notInVariables = strings.NewReplacer("-", "_", ".", "_")

// EnvName returns the variable of a setting.
func EnvName(setting string) string {
	return "TUSKER_" + strings.ToUpper(notInVariables.Replace(setting))
}

// AddEnvironment adds the variables of the environment.
func (s *Settings) AddEnvironment() error { return s.add(environment(s.console.LookupEnv)) }

// environment is the place of variables. An empty variable counts as none; one
// for a flag that can be repeated holds one value a line.
func environment(lookup func(string) (string, bool)) place {
	return place{name: fromEnvironment, get: func(f *pflag.Flag) ([]string, string, bool) {
		variable := EnvName(Name(f))
		text, ok := lookup(variable)
		if !ok || text == "" || IsExec(lookup) && (variable == EnvSize || f.Name == "exec") {
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
