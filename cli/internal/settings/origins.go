package settings

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/config"
	"github.com/tusker-go/tusker/cli/internal/output"
)

// Setting is the effective value of a setting.
type Setting struct {
	Name  string `json:"setting"`
	Value string `json:"value"`
	Bytes []byte `json:"value_bytes,omitempty"` // of a value that is not UTF-8
	From  string `json:"from"`
	At    string `json:"at,omitempty"`
}

// Effective returns the values of all flags. A flag with a list has one row for each
// value.
func (s *Settings) Effective() []Setting {
	var all []Setting
	s.flags.VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		origins, set := s.origins[f.Name]
		values := valuesOf(f)
		if len(values) == 0 {
			values = []string{""}
		}
		for i, value := range values {
			row := Setting{Name: Name(f), Value: hidden(f.Name, value), From: fromDefault}
			switch {
			case i < len(origins):
				row.From, row.At = origins[i].place, origins[i].at
			case set:
				row.From = fromFile // an empty list
			}
			all = append(all, row)
		}
	})
	return all
}

// Endpoints returns the URL of ENDPOINT, which the command has as its first argument, and the
// ENDPOINT of commands that are called without one. It leaves out those that are not known.
func (s *Settings) Endpoints(args []string) []Setting {
	var all []Setting
	if len(args) > 0 {
		from := s.endpointFrom
		switch {
		case s.Invocation.Endpoint != "":
			from = origin{FromEndpoint, s.Invocation.Endpoint}
		case from.place == "":
			from.place = FromFlag
		}
		all = append(all, Setting{Name: "url", Value: output.RedactURL(args[0]), From: from.place, At: from.at})
	}
	if value, from := s.defaultEndpoint(); value != "" {
		all = append(all, Setting{Name: config.KeyDefaultEndpoint, Value: output.RedactURL(strings.TrimSuffix(value, ":")), From: from.place, At: from.at})
	}
	return all
}

const hiddenText = "***"

// hidden returns the value of a flag without its secrets.
func hidden(flag, value string) string {
	if value == "" {
		return ""
	}
	switch flag {
	case "header":
		name, _, ok := strings.Cut(value, ":")
		if !ok {
			return hiddenText
		}
		return strings.TrimSpace(name) + ": " + hiddenText
	case "user":
		name, _, ok := strings.Cut(value, ":")
		if !ok {
			return name
		}
		return name + ":" + hiddenText
	case "token-command":
		first, _, more := strings.Cut(value, " ")
		if !more {
			return first
		}
		return first + " " + hiddenText
	case "engine":
		return output.RedactServers(value)
	case "proxy":
		if config.IsSecret(flag, value) {
			return output.RedactURL(value)
		}
	}
	return value
}

// HasCredentials reports whether the command line or the environment has
// credentials. In this case, the name of the endpoint does not identify the
// account.
func (s *Settings) HasCredentials() bool {
	for _, name := range []string{"token-file", "token-command", "cert", "header"} {
		for i, o := range s.origins[name] {
			if o.place != FromFlag && o.place != fromEnvironment {
				continue
			}
			if name != "header" || slices.Contains([]string{authorization, "cookie"}, itemNames(name, valuesOf(s.flags.Lookup(name)))[i]) {
				return true
			}
		}
	}
	return false
}

// SendsSecrets reports whether the command line or the environment has a header, a login or
// another secret that requests carry, whatever URL they go to.
func (s *Settings) SendsSecrets() bool {
	return slices.ContainsFunc([]string{"token-file", "token-command", "cert", "header", "user"}, func(name string) bool {
		return slices.ContainsFunc(s.origins[name], func(o origin) bool { return o.place == FromFlag || o.place == fromEnvironment })
	})
}
