package batch

import (
	"context"

	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/records"
)

// MaxConnections returns the largest number of connections of an upload command, 0: no
// limit. With one request at a time for each file, more connections would only be
// opened while another file frees one. Files with parts of an earlier run need more
// connections, whatever the flag says now.
func MaxConnections(ctx context.Context, u *flags.Upload, lookup func(string) (string, bool)) int {
	if u.Parallel != 1 || !u.NoResume && records.HasParts(ctx, u.StateDir, lookup) {
		return 0
	}
	return u.Concurrency
}
