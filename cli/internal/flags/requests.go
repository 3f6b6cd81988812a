package flags

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
)

// Requests holds the flags about the requests of uploads.
type Requests struct {
	Connection
	Profile

	// Chunk is the most bytes of one request. 0: all that is left.
	Chunk units.Size

	limitRate units.Timetable
	checksum  string
}

// Register adds the flags.
func (r *Requests) Register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(&r.Chunk, "chunk-size", "send at most this many bytes in one request, such as 64MiB (default: all that is left)")
	RegisterLimitRate(cmd, &r.limitRate)
	f.StringVar(&r.checksum, "checksum", "", "let the server check each request by this `algorithm`: auto, "+strings.Join(client.ChecksumAlgorithms(), ", "))
	r.registerProfile(cmd)
	r.Connection.Register(cmd)
}

// RegisterLimitRate adds the flag for the rate of all uploads.
func RegisterLimitRate(cmd *cobra.Command, rate *units.Timetable) {
	cmd.Flags().Var(rate, "limit-rate", "send at most this many bytes in a second over all connections, such as 10MiB/s, or a timetable, such as '08:00,1MiB/s 23:00,off' (default off)")
}

// tune adds the flags to config.
func (r *Requests) tune(config *client.Config) {
	config.Checksum = r.checksum
	if rate, fixed := r.limitRate.Fixed(); fixed {
		config.RateLimit = int64(rate)
	} else {
		config.RateLimitAt = r.limitRate.At
	}
}
