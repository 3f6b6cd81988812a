package settings

import (
	"strings"

	"github.com/spf13/cobra"
)

// flagLogFormat is the name of the flag for the format of logs.
const flagLogFormat = "log-format"

// LogFormat returns the value of --log-format for a command line that could not be parsed:
// from the arguments, the environment or the config file. "": none of them has it.
func LogFormat(root *cobra.Command, args []string, lookup func(string) (string, bool)) string {
	if format := argument(args, flagLogFormat); format != "" {
		return format
	}
	if format, _ := lookup(EnvName(flagLogFormat)); format != "" {
		return format
	}
	if f := root.PersistentFlags().Lookup("config"); f != nil && !f.Changed {
		if path := argument(args, f.Name); path != "" {
			_ = root.PersistentFlags().Set(f.Name, path)
		}
	}
	file, err := configFile(root, root.Root, lookup)
	if err != nil {
		return ""
	}
	if values := file.Defaults[flagLogFormat].Values; len(values) > 0 {
		return values[0]
	}
	return ""
}

// argument returns the last value of a flag among arguments, or "".
func argument(args []string, flag string) string {
	value := ""
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if text, ok := strings.CutPrefix(arg, "--"+flag+"="); ok {
			value = text
		}
		if arg == "--"+flag && i+1 < len(args) {
			value = args[i+1]
		}
	}
	return value
}
