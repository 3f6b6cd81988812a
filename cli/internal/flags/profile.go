package flags

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/profile"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// Profile holds the flag of the commands that send to a known server.
type Profile struct{ name string }

func (p *Profile) registerProfile(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.name, "profile", "", "apply the rules of the known server `name`, see tusker profiles")
}

// Rules adds the rules of the profile to config, and finds missing headers. Creates
// reports whether the command creates an upload at the target.
func (p *Profile) Rules(c *Connection, target string, creates bool, config *client.Config) error {
	found, err := settings.Profile(p.name)
	if err != nil {
		return err
	}
	if creates && found.NoCreation {
		return usage.Error(&advice.Failure{
			Err:  fmt.Errorf("profile %s: uploads are not created by tus: %s", found.Name, found.Endpoint),
			Hint: "use the URL that the server created: tusker resume LOCATION FILE",
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

// CreationRules is rules for an upload that will be created with that metadata. With
// defaults, files have names, but their types are not known in advance.
func (p *Profile) CreationRules(c *Connection, target string, metadata protocol.Metadata, defaults bool, config *client.Config) error {
	if err := p.Rules(c, target, true, config); err != nil {
		return err
	}
	found, _ := profile.Find(p.name)
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
	return usage.Error(&advice.Failure{Err: err, Hint: "give it with " + strings.Join(flags, " ")})
}

// fileMetadata returns the default metadata of a file, with the keys of the server
// of the profile. Relative is the path of a file that was found in a directory, and mediaType
// the type that a server names, or "".
func (p *Profile) fileMetadata(file, relative, mediaType string) protocol.Metadata {
	metadata := defaultMetadata(file, mediaType)
	if relative != "" {
		metadata["relativePath"] = relative
	}
	found, _ := profile.Find(p.name)
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
