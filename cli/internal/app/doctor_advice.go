package app

import (
	"runtime"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/cli/internal/doctor"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/shell"
)

// doctorAdvice is what a user copies from the output of doctor.
type doctorAdvice struct {
	Command string   `json:"command"`
	Config  []string `json:"config"` // lines
}

// sharedFlags are the flags of doctor that upload needs, too.
var sharedFlags = []string{
	"header", "token-file", "token-command", "user", "netrc", "netrc-file", "cacert", "cert", "key", "insecure",
	"proxy", "unix-socket", "http1.1", "method-override", "trust-origin", "metadata", "profile", "retries",
	"stall-timeout", "finish-timeout",
}

// doctorAdviceOf returns the command and the lines of a config file for uploads with the
// flags of this command and those of the report. They contain no secrets.
func doctorAdviceOf(s *settings.Settings, report *doctor.Report, endpoint string) doctorAdvice {
	if output.HasSecret(endpoint) {
		endpoint = "ENDPOINT"
	}
	flags := report.Merge(givenFlags(s))
	name, address := "NAME", endpoint
	if s.Invocation.Endpoint != "" {
		name, address = s.Invocation.Endpoint, s.Invocation.Endpoint+":"
	}
	return doctorAdvice{
		Command: doctor.CommandLine(address, flags, func(text string) string { return shell.QuoteIfNeeded(text, runtime.GOOS) }),
		Config:  doctor.ConfigSnippet(name, endpoint, flags),
	}
}

// givenFlags returns the flags of this command line that a command that uploads needs,
// too.
func givenFlags(s *settings.Settings) []doctor.Flag {
	var out []doctor.Flag
	for _, name := range sharedFlags {
		for _, value := range s.OfCommandLine(name) {
			if slices.Contains([]string{"netrc", "insecure", "http1.1", "method-override"}, name) {
				if value == "true" {
					out = append(out, doctor.Flag{Name: "--" + name})
				}
				continue
			}
			out = append(out, doctor.Flag{Name: "--" + name, Value: concealed(name, value)})
		}
	}
	return out
}

// concealed returns the value of a flag without a secret that it may contain.
func concealed(name, value string) string {
	switch name {
	case "user", "token-command", "proxy":
		return "..."
	case "header":
		key, _, _ := strings.Cut(value, ":")
		return key + ": ..."
	case "metadata":
		key, _, found := strings.Cut(value, "=")
		if found {
			return key + "=..."
		}
	}
	return value
}

// showAdvice writes the end of the output.
func showAdvice(out *output.Printer, report *doctor.Report, advice doctorAdvice) {
	for _, url := range report.Left {
		out.Line("left  %s", output.Escape(url))
	}
	out.Line("\n%s", output.OneLine(report.Verdict))
	if !report.Works() {
		return
	}
	out.Line("\n%s\n", output.Escape(advice.Command))
	for _, line := range advice.Config {
		out.Line("%s", output.Escape(line))
	}
}
