package advice

import (
	"crypto/tls"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/transport"
)

// withheldHint is the hint if a server on another origin than the endpoint requires
// credentials, which are only for the endpoint. It is "" for other errors.
func withheldHint(cmd *cobra.Command, err error) string {
	exchange, ok := errors.AsType[*client.Error](err)
	if !ok || !createsAt(cmd) || !slices.ContainsFunc(withheld, cmd.Flags().Changed) {
		return ""
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "" // The certificate of the server is not trusted.
	}
	asked := otherOrigin(cmd, exchange)
	if asked == "" {
		return ""
	}
	return "the server sent the upload to " + asked + ", and credentials are for the endpoint alone; if it may have them too: --trust-origin " + asked
}

// createsAt reports whether cmd takes an ENDPOINT.
func createsAt(cmd *cobra.Command) bool {
	target, _ := usage.Target(cmd)
	return target == usage.Endpoint
}

// otherOrigin returns the origin of the request that failed if it is not that of the
// endpoint, or "".
func otherOrigin(cmd *cobra.Command, exchange *client.Error) string {
	if exchange == nil || !createsAt(cmd) {
		return ""
	}
	endpoint, asked := OriginOf(usage.TargetOf(cmd)), OriginOf(exchange.URL)
	if endpoint == "" || endpoint == asked {
		return ""
	}
	return asked
}

// credentialsGiven reports whether the user gave credentials: by a flag, in the environment,
// in the config file, or in the URL.
func credentialsGiven(cmd *cobra.Command) bool {
	if slices.ContainsFunc(credentialFlags, cmd.Flags().Changed) {
		return true
	}
	u, err := url.Parse(transport.EscapeURL(usage.TargetOf(cmd)))
	return err == nil && u.User != nil
}

// credentialFlags are the flags that give credentials. Any header may be one.
var credentialFlags = []string{"header", "token-file", "token-command", "user", "netrc", "netrc-file"}

// withheld are flags for credentials that are not sent to other origins.
var withheld = []string{"header", "token-file", "token-command", "user", "netrc", "netrc-file", "cert"}

// OriginOf returns scheme, host and port of a URL, or "" if it has none.
func OriginOf(raw string) string {
	u, err := url.Parse(transport.EscapeURL(raw))
	if err != nil {
		return ""
	}
	return transport.Origin(u)
}

// IsOrigin reports whether raw has only scheme, host and port.
func IsOrigin(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return false
	}
	return u.User == nil && strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == ""
}
