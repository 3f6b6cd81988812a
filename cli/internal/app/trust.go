package app

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/config"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/transport"
)

// checkOrigin keeps the settings of an endpoint, which --as names, from uploads at
// other origins: its credentials must not be sent there.
func (a *app) checkOrigin(cmd *cobra.Command, args []string, e config.Endpoint) error {
	if e.Name == "" || firstArgument(cmd) != argLocation {
		return nil
	}
	trusted := []string{originOf(e.URL)}
	if f := cmd.Flags().Lookup("trust-origin"); f != nil {
		for _, origin := range f.Value.(pflag.SliceValue).GetSlice() {
			trusted = append(trusted, originOf(origin))
		}
	}
	locations := args[:min(1, len(args))]
	if strings.HasSuffix(cmd.Use, "...") {
		locations = args
	}
	for _, location := range locations {
		if origin := originOf(location); origin != "" && !slices.Contains(trusted, origin) {
			return &failure{
				err:  fmt.Errorf("%s is not at the origin of the endpoint %s, %s", output.RedactURL(location), e.Name, trusted[0]),
				hint: "leave out --as to send it no credentials, or say that it may have them: --trust-origin " + origin,
			}
		}
	}
	return nil
}

var errOrigin = errors.New("--trust-origin is not an origin such as https://cdn.example")

// isOrigin reports whether raw has only scheme, host and port.
func isOrigin(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return false
	}
	return u.User == nil && strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == ""
}

// withheldHint is the hint if a server on another origin than the endpoint requires
// credentials, which are only for the endpoint. It is "" for other errors.
func withheldHint(cmd *cobra.Command, err error) string {
	exchange, ok := errors.AsType[*client.Error](err)
	if !ok || firstArgument(cmd) != argEndpoint || !slices.ContainsFunc(withheld, cmd.Flags().Changed) {
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

// otherOrigin returns the origin of the request that failed if it is not that of the
// endpoint, or "".
func otherOrigin(cmd *cobra.Command, exchange *client.Error) string {
	if exchange == nil || firstArgument(cmd) != argEndpoint {
		return ""
	}
	endpoint, asked := originOf(cmd.Flags().Arg(0)), originOf(exchange.URL)
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
	u, err := url.Parse(transport.EscapeURL(cmd.Flags().Arg(0)))
	return err == nil && u.User != nil
}

// credentialFlags are the flags that give credentials. Any header may be one.
var credentialFlags = []string{"header", "token-file", "token-command", "user", "netrc", "netrc-file"}

// withheld are flags for credentials that are not sent to other origins.
var withheld = []string{"header", "token-file", "token-command", "user", "netrc", "netrc-file", "cert"}

// originOf returns scheme, host and port of a URL, or "" if it has none.
func originOf(raw string) string {
	u, err := url.Parse(transport.EscapeURL(raw))
	if err != nil {
		return ""
	}
	return transport.Origin(u)
}
