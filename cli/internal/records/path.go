package records

import (
	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/client"
)

// withPath returns the record with an absolute path if its file is on this machine, because users
// may list records from another working directory.
func withPath(names *remote.Names, r *client.Record) *client.Record {
	out := *r
	if path, err := names.Absolute(r.Source); err == nil && r.Source != "" {
		out.Source = path
	}
	return &out
}
