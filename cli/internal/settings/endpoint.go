package settings

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/config"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/suggest"
	"github.com/tusker-go/tusker/cli/internal/usage"
)

// endpoint returns the endpoint that the arguments or --as name, and the zero value
// if they name none.
func (s *Settings) endpoint(cmd *cobra.Command, args []string, file *config.File) (config.Endpoint, error) {
	if as := cmd.Flags().Lookup("as"); as != nil && as.Value.String() != "" {
		e, err := endpointCalled(file, strings.TrimSuffix(as.Value.String(), ":"))
		s.Invocation.Endpoint = e.Name
		return e, err
	}
	target, at := usage.Target(cmd)
	if target != usage.Endpoint || len(args) <= at {
		return config.Endpoint{}, nil
	}
	name, ok := strings.CutSuffix(args[at], ":")
	if !ok || !config.IsName(name) {
		return config.Endpoint{}, nil
	}
	e, err := endpointCalled(file, name)
	if err == nil {
		s.Invocation.Endpoint, args[at] = e.Name, e.URL
	}
	return e, err
}

func endpointCalled(file *config.File, name string) (config.Endpoint, error) {
	e, ok := file.Endpoints[name]
	if ok {
		return e, nil
	}
	err := &advice.Failure{Err: fmt.Errorf("no endpoint is called %q: there is no config file", name)}
	if file.Path != "" {
		err.Err = fmt.Errorf("no endpoint is called %q in %s", name, file.Path)
	}
	err.Hint = endpointHint(file, name)
	return e, err
}

// endpointHint says what to do about a name that no endpoint has, or is "".
func endpointHint(file *config.File, name string) string {
	meant := suggest.Nearest(name, maps.Keys(file.Endpoints))
	switch {
	case meant != "":
		return "did you mean " + meant + "?"
	case len(file.Endpoints) > 0:
		return "the endpoints are " + strings.Join(slices.Sorted(maps.Keys(file.Endpoints)), ", ")
	case file.Path != "":
		return "a line such as endpoints: {" + name + ": {url: https://tus.example/files/}} in that file gives a URL the name"
	}
	return ""
}

// checkOrigin keeps the settings of an endpoint, which --as names, from uploads at
// other origins: its credentials must not be sent there.
func checkOrigin(cmd *cobra.Command, args []string, e config.Endpoint) error {
	if e.Name == "" || usage.First(cmd) != usage.Location {
		return nil
	}
	trusted := []string{advice.OriginOf(e.URL)}
	if f := cmd.Flags().Lookup("trust-origin"); f != nil {
		for _, origin := range f.Value.(pflag.SliceValue).GetSlice() {
			trusted = append(trusted, advice.OriginOf(origin))
		}
	}
	locations := args[:min(1, len(args))]
	if strings.HasSuffix(cmd.Use, "...") {
		locations = args
	}
	for _, location := range locations {
		if origin := advice.OriginOf(location); origin != "" && !slices.Contains(trusted, origin) {
			return &advice.Failure{
				Err:  fmt.Errorf("%s is not at the origin of the endpoint %s, %s", output.RedactURL(location), e.Name, trusted[0]),
				Hint: "leave out --as to send it no credentials, or say that it may have them: --trust-origin " + origin,
			}
		}
	}
	return nil
}

// EndpointNames returns the names in the config file, each followed by end. It
// ignores errors of the file, because a shell cannot show them.
func EndpointNames(cmd *cobra.Command, lookup func(string) (string, bool), end string) []string {
	if f := cmd.Flags().Lookup("config"); f != nil && !f.Changed {
		if path, ok := lookup(EnvName("config")); ok && path != "" {
			_ = cmd.Flags().Set("config", path)
		}
	}
	file, err := configFile(cmd, cmd.Root, lookup)
	if err != nil {
		return nil
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(file.Endpoints)) {
		names = append(names, name+end+"\t"+output.RedactURL(file.Endpoints[name].URL))
	}
	return names
}
