// Package settings sets the flags of a command that the command line leaves open: from the
// environment, the config file and a profile. It knows the origin of each value.
package settings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/config"
	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/usage"
)

// The places of settings, highest precedence first.
const (
	FromFlag        = "flag"
	fromEnvironment = "environment"
	FromEndpoint    = "endpoint"
	fromFile        = "file"
	fromProfile     = "profile"
	fromDefault     = "default"
)

// origin tells where a value comes from: a place, and the position in this place.
type origin struct{ place, at string }

// kinds are the words in front of the position of an origin in a message.
var kinds = map[string]string{
	fromEnvironment: "environment variable", FromEndpoint: "config file", fromFile: "config file", fromProfile: "profile",
}

// commandLineOnly is the annotation of flags that only the command line can set.
const commandLineOnly = "tusker-command-line-only"

// OnlyFromCommandLine marks a flag whose name has another meaning in another command, so that
// the environment and the config file are for the flag of the other command.
func OnlyFromCommandLine(f *pflag.Flag) {
	if f.Annotations == nil {
		f.Annotations = make(map[string][]string)
	}
	f.Annotations[commandLineOnly] = []string{"true"}
}

// own is the annotation of Own: the name of the setting.
const own = "tusker-own"

// Own marks a flag whose name has another meaning in other commands, and gives it a setting of
// that name, so that the environment and the config file set it in its own command only. The name
// begins with that of the command.
func Own(f *pflag.Flag, setting string) { f.Annotations = map[string][]string{own: {setting}} }

// IsOwn reports whether a flag was marked by Own.
func IsOwn(f *pflag.Flag) bool { return f.Annotations[own] != nil }

// Name returns the name of the setting of a flag: that of the flag, unless it was marked by Own.
func Name(f *pflag.Flag) string {
	if IsOwn(f) {
		return f.Annotations[own][0]
	}
	return f.Name
}

// IsSetting reports whether the environment and the config file can set a flag.
func IsSetting(f *pflag.Flag) bool { return f.Name != "help" && f.Annotations[commandLineOnly] == nil }

// place is one source of values for the flags of a command.
type place struct {
	name string
	// get returns the values for a flag, and their position.
	get func(f *pflag.Flag) (values []string, at string, ok bool)
	// adds reports whether headers and metadata of this place join those with other
	// names from earlier places.
	adds bool
}

// Settings sets the flags of one command from several places. A later place does
// not change a flag that an earlier place has set.
type Settings struct {
	// Invocation has what a command in a hint shares with this one.
	Invocation advice.Invocation

	console *console.Console
	file    *config.File // nil: the config file was not read
	flags   *pflag.FlagSet
	// origins are the origins of the values of each flag, in the order of the
	// values.
	origins map[string][]origin
	closed  map[string]bool // flags that later places must not set
	refused []value         // values that flags must not get

	endpointFrom origin // of ENDPOINT if the command line has none; zero: it has one, or none is needed
}

// New returns settings with the flags of the command line.
func New(con *console.Console, flags *pflag.FlagSet) *Settings {
	s := &Settings{Invocation: advice.Invocation{NeedsFlags: advice.NeedsFlags(flags)}, console: con, flags: flags, origins: make(map[string][]origin), closed: make(map[string]bool)}
	flags.Visit(func(f *pflag.Flag) {
		s.origins[f.Name] = slices.Repeat([]origin{{FromFlag, "--" + f.Name}}, len(valuesOf(f)))
	})
	s.close()
	s.refuse()
	return s
}

// FromCommandLine reports whether the command line sets the flag of that name.
func (s *Settings) FromCommandLine(name string) bool {
	origins := s.origins[name]
	return len(origins) > 0 && origins[0].place == FromFlag
}

// OfCommandLine returns the values that the command line gives to the flag of that
// name. A flag without a value has the value "true". nil: none.
func (s *Settings) OfCommandLine(name string) []string {
	f := s.flags.Lookup(name)
	if f == nil || !s.FromCommandLine(name) {
		return nil
	}
	return valuesOf(f)
}

// valuesOf returns the values of a flag. Most flags have one.
func valuesOf(f *pflag.Flag) []string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	return []string{f.Value.String()}
}

// credentials are flags that exclude each other.
var credentials = []string{"token-file", "token-command", "user"}

// excluded are flags that later places must not set after another flag is set.
var excluded = map[string][]string{
	"token-file": credentials, "token-command": credentials, "user": credentials,
	"quiet": {"verbose"}, "verbose": {"quiet"},
	"cert": {"key"},
}

// value is a possible value of a flag, in the form of its String method.
type value struct{ flag, text string }

// opposed are values that contradict each other. If the command line has one of
// them, other places cannot set the other one.
var opposed = [][2]value{
	{{"skip-sent", "true"}, {"no-resume", "true"}},
	{{"skip-sent", "true"}, {"recreate", "always"}},
	{{"skip-sent", "local"}, {"no-resume", "true"}},
	{{"skip-sent", "local"}, {"recreate", "always"}},
}

func (s *Settings) refuse() {
	for _, pair := range opposed {
		for i, v := range pair {
			if s.FromCommandLine(v.flag) && s.flags.Lookup(v.flag).Value.String() == v.text {
				s.refused = append(s.refused, pair[1-i])
			}
		}
	}
}

// refuses reports whether text means a value that the flag must not get.
func (s *Settings) refuses(flag, text string) bool {
	if on, err := strconv.ParseBool(text); err == nil {
		text = strconv.FormatBool(on)
	}
	return slices.Contains(s.refused, value{flag, text})
}

// separators end the names in the values of flags that join.
var separators = map[string]string{"header": ":", "metadata": "="}

func (s *Settings) close() {
	for name := range s.origins {
		for _, other := range excluded[name] {
			s.closed[other] = true
		}
	}
	if f := s.flags.Lookup("header"); f != nil && slices.Contains(itemNames(f.Name, valuesOf(f)), authorization) {
		for _, name := range credentials {
			s.closed[name] = true
		}
	}
}

// authorization is the name of the header in the form of itemNames.
const authorization = "authorization"

// itemNames returns the names in the values of a flag that joins.
func itemNames(flag string, values []string) []string {
	names := make([]string, len(values))
	for i, value := range values {
		name, _, _ := strings.Cut(value, separators[flag])
		if names[i] = strings.TrimSpace(name); flag == "header" {
			names[i] = strings.ToLower(names[i])
		}
	}
	return names
}

// add applies the settings of a place. An error names the position.
func (s *Settings) add(p place) error {
	var first error
	s.flags.VisitAll(func(f *pflag.Flag) {
		if first == nil {
			first = s.set(p, f)
		}
	})
	s.close()
	return first
}

func (s *Settings) set(p place, f *pflag.Flag) error {
	_, given := s.origins[f.Name]
	adds := p.adds && separators[f.Name] != ""
	if !IsSetting(f) || s.closed[f.Name] && !given || given && !adds {
		return nil
	}
	values, at, ok := p.get(f)
	if !ok || slices.ContainsFunc(values, func(text string) bool { return s.refuses(f.Name, text) }) {
		return nil
	}
	if adds {
		values = s.unnamed(f, values)
	} else {
		// An empty list is a setting, too.
		s.origins[f.Name] = []origin{}
	}
	for _, value := range values {
		if err := s.flags.Set(f.Name, value); err != nil {
			return fmt.Errorf("%s %s: %w", kinds[p.name], at, usage.Value(err))
		}
		s.origins[f.Name] = append(s.origins[f.Name], origin{p.name, at})
	}
	return nil
}

// unnamed removes the values whose names the flag already has, and the
// Authorization header if an earlier place has credentials.
func (s *Settings) unnamed(f *pflag.Flag, values []string) []string {
	var names []string
	if _, given := s.origins[f.Name]; given {
		names = itemNames(f.Name, valuesOf(f))
	}
	if f.Name == "header" && slices.ContainsFunc(credentials, func(name string) bool { return s.origins[name] != nil }) {
		names = append(names, authorization)
	}
	var left []string
	for i, name := range itemNames(f.Name, values) {
		if !slices.Contains(names, name) {
			left = append(left, values[i])
		}
	}
	return left
}
