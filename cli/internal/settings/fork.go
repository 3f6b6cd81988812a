package settings

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/config"
)

// EndpointsAt returns the endpoints of the config file whose URL is target, apart from a query
// and a user, and then target itself, without a name. Endpoints that are for account come
// first.
func (s *Settings) EndpointsAt(target, account string) []config.Endpoint {
	var found []config.Endpoint
	if s.file != nil {
		for _, name := range slices.Sorted(maps.Keys(s.file.Endpoints)) {
			if e := s.file.Endpoints[name]; plainURL(e.URL) == plainURL(target) {
				found = append(found, e)
			}
		}
	}
	isOther := func(e config.Endpoint) int {
		if e.Name == account || slices.Equal(e.Settings["account"].Values, []string{account}) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(found, func(a, b config.Endpoint) int { return cmp.Compare(isOther(a), isOther(b)) })
	return append(found, config.Endpoint{URL: target})
}

// IsDefault reports whether target is the ENDPOINT of commands that are called without one.
func (s *Settings) IsDefault(target string) bool {
	value, _ := s.defaultEndpoint()
	if name, ok := strings.CutSuffix(value, ":"); ok && s.file != nil {
		value = s.file.Endpoints[name].URL
	}
	return value != "" && plainURL(value) == plainURL(target)
}

// plainURL returns a URL without its query and its user, which may be secrets that change.
func plainURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String()
}

// Fork returns settings of other flags, for requests to the endpoint e: they have the values
// of the command line of s, of the environment, of e, of the config file and of a profile.
func (s *Settings) Fork(flags *pflag.FlagSet, e config.Endpoint) (*Settings, error) {
	for name, origins := range s.origins {
		if flags.Lookup(name) == nil {
			continue
		}
		for i, value := range valuesOf(s.flags.Lookup(name)) {
			if i >= len(origins) || origins[i].place != FromFlag {
				break
			}
			if err := flags.Set(name, value); err != nil {
				return nil, err
			}
		}
	}
	fork := New(s.console, flags)
	fork.file, fork.Invocation.Endpoint = s.file, e.Name
	if err := fork.AddEnvironment(); err != nil {
		return nil, err
	}
	if s.file == nil {
		return fork, nil
	}
	return fork, fork.addFile(e)
}
