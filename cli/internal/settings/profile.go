package settings

import (
	"fmt"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/profile"
	"github.com/tusker-go/tusker/cli/internal/suggest"
	"github.com/tusker-go/tusker/cli/internal/usage"
)

// Profile returns the profile called name. "" is a profile without rules.
func Profile(name string) (profile.Profile, error) {
	found, ok := profile.Find(name)
	if ok || name == "" {
		return found, nil
	}
	err := &advice.Failure{Err: fmt.Errorf("no profile is called %q", name), Hint: "tusker profiles lists them"}
	if meant := suggest.Nearest(name, profile.Names()); meant != "" {
		err.Hint = "did you mean " + meant + "?"
	}
	return found, usage.Error(err)
}

// profilePlace returns the defaults of the profile in flags.
func profilePlace(flags *pflag.FlagSet) (place, error) {
	none := func(*pflag.Flag) ([]string, string, bool) { return nil, "", false }
	f := flags.Lookup("profile")
	if f == nil {
		return place{name: fromProfile, get: none}, nil
	}
	p, err := Profile(f.Value.String())
	return place{name: fromProfile, get: func(f *pflag.Flag) ([]string, string, bool) {
		if f.Name != "chunk-size" || p.Chunk.Size == 0 {
			return nil, "", false
		}
		return []string{strconv.FormatInt(p.Chunk.Size, 10)}, p.Name, true
	}}, err
}
