package app

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/profile"
	"github.com/tusker-go/tusker/cli/internal/suggest"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// profiled holds the flag of the commands that send to a known server.
type profiled struct{ profile string }

func (p *profiled) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.profile, "profile", "", "keep to the rules of a known server, see tusker profiles: its `name`")
}

// profileCalled returns the profile called name. "" is a profile without rules.
func profileCalled(name string) (profile.Profile, error) {
	found, ok := profile.Find(name)
	if ok || name == "" {
		return found, nil
	}
	err := &failure{err: fmt.Errorf("no profile is called %q", name), hint: "tusker profiles lists them"}
	if meant := suggest.Nearest(name, profile.Names()); meant != "" {
		err.hint = "did you mean " + meant + "?"
	}
	return found, usage(err)
}

// profilePlace returns the defaults of the profile in flags.
func profilePlace(flags *pflag.FlagSet) (place, error) {
	none := func(*pflag.Flag) ([]string, string, bool) { return nil, "", false }
	f := flags.Lookup("profile")
	if f == nil {
		return place{name: fromProfile, get: none}, nil
	}
	p, err := profileCalled(f.Value.String())
	return place{name: fromProfile, get: func(f *pflag.Flag) ([]string, string, bool) {
		if f.Name != "chunk-size" || p.Chunk.Size == 0 {
			return nil, "", false
		}
		return []string{strconv.FormatInt(p.Chunk.Size, 10)}, p.Name, true
	}}, err
}

// rules adds the rules of the profile to config, and finds missing headers. Creates
// reports whether the command creates an upload at the target.
func (p *profiled) rules(c *connection, target string, creates bool, config *client.Config) error {
	found, err := profileCalled(p.profile)
	if err != nil {
		return err
	}
	if creates && found.NoCreation {
		return usage(&failure{
			err:  fmt.Errorf("profile %s: uploads are not created by tus: %s", found.Name, found.Endpoint),
			hint: "go on with the URL that the server made: tusker resume LOCATION FILE",
		})
	}
	err = found.CheckHeaders(creates, func(name string) bool {
		_, ok := config.Header[http.CanonicalHeaderKey(name)]
		return ok || name == "Authorization" && c.authorizes(target)
	})
	if err != nil {
		return missing(err)
	}
	config.Limits = client.Limits{MinRequest: found.Chunk.Min, MaxRequest: found.Chunk.Max, Multiple: found.Chunk.Multiple}
	return nil
}

// created is rules for an upload that will be created with that metadata. With
// defaults, files have names, but their types are not known in advance.
func (p *profiled) created(c *connection, target string, metadata protocol.Metadata, defaults bool, config *client.Config) error {
	if err := p.rules(c, target, true, config); err != nil {
		return err
	}
	found, _ := profile.Find(p.profile)
	return missing(found.CheckMetadata(func(key string) bool {
		if _, ok := metadata[key]; ok {
			return true
		}
		return defaults && slices.ContainsFunc(found.Metadata, func(f profile.Field) bool {
			return f.Name == key && f.From != ""
		})
	}))
}

// missing adds a hint how to set the missing fields.
func missing(err error) error {
	lacks, ok := errors.AsType[*profile.MissingError](err)
	if !ok {
		return err
	}
	var flags []string
	for _, f := range lacks.Fields {
		switch {
		case f.Name == "Authorization":
			flags = append(flags, "--token-file FILE")
		case lacks.Kind == "header":
			flags = append(flags, "-H '"+f.Name+": ...'")
		default:
			flags = append(flags, "--metadata "+f.Name+"=...")
		}
	}
	return usage(&failure{err: err, hint: "give it with " + strings.Join(flags, " ")})
}

// fileMetadata returns the default metadata of a file, with the keys of the server
// of the profile. Relative is the path of a file that was found in a directory.
func (p *profiled) fileMetadata(file, relative string) protocol.Metadata {
	metadata := defaultMetadata(file)
	if relative != "" {
		metadata["relativePath"] = relative
	}
	found, _ := profile.Find(p.profile)
	if !found.OwnDefaults() {
		return metadata
	}
	own := make(protocol.Metadata)
	for _, f := range found.Metadata {
		from := string(f.From)
		if f.From == profile.Path {
			from = string(profile.Filename)
			if relative != "" {
				from = "relativePath"
			}
		}
		if value, ok := metadata[from]; ok {
			own[f.Name] = value
		}
	}
	return own
}
