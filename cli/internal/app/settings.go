package app

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// The places that settings come from. Those before win.
const (
	fromFlag        = "flag"
	fromEnvironment = "environment"
	fromEndpoint    = "endpoint"
	fromFile        = "file"
	fromProfile     = "profile"
	fromDefault     = "default"
)

// origin is where a value comes from: a place, and where in it.
type origin struct{ place, at string }

// kinds are what stands before an origin's at in a sentence.
var kinds = map[string]string{
	fromEnvironment: "environment variable", fromEndpoint: "config file", fromFile: "config file", fromProfile: "profile",
}

// place is one of the places for the flags of a command.
type place struct {
	name string
	// get gives what the place has for a flag, and where it has it.
	get func(f *pflag.Flag) (values []string, at string, ok bool)
	// adds lets headers and metadata join those of other names that come from
	// the places before.
	adds bool
}

// settings sets the flags of one command from one place after the other: what
// one of them has set, the next ones leave alone.
type settings struct {
	flags *pflag.FlagSet
	// origins are those of the values of each flag that is set, in their order.
	origins map[string][]origin
	closed  map[string]bool // flags that are not to be set any more
	refused []value         // what flags are not to be set to
}

// newSettings begins with the flags that the command line sets.
func newSettings(flags *pflag.FlagSet) *settings {
	s := &settings{flags: flags, origins: make(map[string][]origin), closed: make(map[string]bool)}
	flags.Visit(func(f *pflag.Flag) {
		s.origins[f.Name] = slices.Repeat([]origin{{fromFlag, "--" + f.Name}}, len(valuesOf(f)))
	})
	s.close()
	s.refuse()
	return s
}

// byFlag tells whether the command line sets the flag of that name.
func (s *settings) byFlag(name string) bool {
	origins := s.origins[name]
	return len(origins) > 0 && origins[0].place == fromFlag
}

// valuesOf gives the values of a flag, of which most have one.
func valuesOf(f *pflag.Flag) []string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	return []string{f.Value.String()}
}

// credentials are flags of which one is enough.
var credentials = []string{"token-file", "token-command", "user"}

// excluded are flags that later places leave alone once another flag is set.
var excluded = map[string][]string{
	"token-file": credentials, "token-command": credentials, "user": credentials,
	"quiet": {"verbose"}, "verbose": {"quiet"},
	"cert": {"key"},
}

// value is one that a flag may have, as its String gives it.
type value struct{ flag, text string }

// opposed are values that make no sense together. Where the command line has one of
// them, the other one gives way.
var opposed = [][2]value{
	{{"skip-sent", "true"}, {"no-resume", "true"}},
	{{"skip-sent", "true"}, {"recreate", "always"}},
}

func (s *settings) refuse() {
	for _, pair := range opposed {
		for i, v := range pair {
			if s.byFlag(v.flag) && s.flags.Lookup(v.flag).Value.String() == v.text {
				s.refused = append(s.refused, pair[1-i])
			}
		}
	}
}

// refuses tells whether text means what the flag is not to be set to.
func (s *settings) refuses(flag, text string) bool {
	if on, err := strconv.ParseBool(text); err == nil {
		text = strconv.FormatBool(on)
	}
	return slices.Contains(s.refused, value{flag, text})
}

// separators end the names in the values of flags that add up.
var separators = map[string]string{"header": ":", "metadata": "="}

func (s *settings) close() {
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

// authorization is the name of the header as itemNames has it.
const authorization = "authorization"

// itemNames gives the names in the values of a flag that adds up.
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

// add takes what a place has. An error says where.
func (s *settings) add(p place) error {
	var first error
	s.flags.VisitAll(func(f *pflag.Flag) {
		if first == nil {
			first = s.set(p, f)
		}
	})
	s.close()
	return first
}

func (s *settings) set(p place, f *pflag.Flag) error {
	_, given := s.origins[f.Name]
	adds := p.adds && separators[f.Name] != ""
	if f.Name == "help" || s.closed[f.Name] && !given || given && !adds {
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
			return fmt.Errorf("%s %s: %w", kinds[p.name], at, err)
		}
		s.origins[f.Name] = append(s.origins[f.Name], origin{p.name, at})
	}
	return nil
}

// unnamed leaves out of values those whose names the flag has already, and the
// header that credentials from a better place stand for.
func (s *settings) unnamed(f *pflag.Flag, values []string) []string {
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
