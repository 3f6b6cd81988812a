package advice

import (
	"slices"

	"github.com/spf13/pflag"
)

// Invocation describes the parts that a command in a hint shares with this command.
type Invocation struct {
	NeedsFlags bool   // this command has flags without which another command may not reach the server
	Endpoint   string // the name of an endpoint; "" for none
}

// Command returns the beginning of the command in the hint.
func (g Invocation) Command(name string) string {
	if g.Endpoint == "" {
		return "tusker " + name + " "
	}
	return "tusker " + name + " --as " + g.Endpoint + " "
}

// needed are the flags without which another command may not reach the server.
// It is credentials, mostly, so their values are not repeated in a hint.
var needed = []string{
	"header", "token-file", "token-command", "user", "netrc", "netrc-file", "cacert", "cert", "key", "insecure",
	"proxy", "unix-socket", "http1.1", "method-override", "protocol",
}

// NeedsFlags reports whether any of these flags is set.
func NeedsFlags(flags *pflag.FlagSet) bool { return slices.ContainsFunc(needed, flags.Changed) }
