package flags

import (
	"maps"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// Doctor holds the flags of doctor, which creates an upload without a file.
type Doctor struct {
	Query
	Profile
	metadata []string
}

// Register adds the flags.
func (d *Doctor) Register(cmd *cobra.Command) {
	List(cmd.Flags(), &d.metadata, "metadata", "", "store `key[=value]` with the upload, if the server requires it (repeat)")
	d.registerProfile(cmd)
	d.Query.Register(cmd)
}

// Creation returns the metadata of an upload of a file with that name. It adds the rules
// of the profile to config.
func (d *Doctor) Creation(endpoint, file string, config *client.Config) (protocol.Metadata, error) {
	given, err := ParseMetadata(d.metadata)
	if err != nil {
		return nil, usage.Error(err)
	}
	if err := d.CreationRules(&d.Connection, endpoint, given, true, config); err != nil {
		return nil, err
	}
	metadata := d.fileMetadata(file, "", "")
	maps.Copy(metadata, given)
	return metadata, nil
}
