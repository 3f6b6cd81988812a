// Package flags has the flags that several commands share, a struct for each group. A struct
// registers its flags on a command, checks their values, and turns them into the configuration
// of the client.
//
// Each flag belongs to a Group, which is its heading in the help texts.
package flags

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/logs"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/cli/internal/version"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// Connection holds the flags of the commands that talk to a server.
type Connection struct {
	as                            string
	headers                       []string
	trusted                       []string
	tokenFile, tokenCommand, user string
	netrcFile                     string
	netrc                         bool
	caFile, certFile, keyFile     string
	proxy, unixSocket             string
	insecure, http1, noSendfile   bool
	retries                       int
	finish                        time.Duration

	// RetryMaxWait is the longest wait between two attempts.
	RetryMaxWait time.Duration
	// Stall is the time without a sign of life after which an exchange is tried again. 0:
	// no limit.
	Stall time.Duration
	// Timeout is the time limit of the whole command. 0: no limit.
	Timeout        time.Duration
	methodOverride bool

	maxConnections int         // 0: as many as there are requests
	unlimited      atomic.Bool // maxConnections does not count any more
}

// newSet returns a set whose flags stay in the order in which they are added. A sorted one would
// take time at each start of the program.
func newSet() *pflag.FlagSet {
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.SortFlags = false
	return f
}

// Register adds the flags. A command whose first argument is a LOCATION, or a JOB that has an
// endpoint, also gets --as.
func (c *Connection) Register(cmd *cobra.Command) {
	f := newSet()
	if first := usage.First(cmd); first == usage.Location || first == usage.Job {
		f.StringVar(&c.as, "as", "", "use the settings of the endpoint of that `name` in the config file")
	}
	List(f, &c.headers, "header", "H", "send this `'Name: value'` with every request (repeat)")
	f.StringVar(&c.tokenFile, "token-file", "", "send the bearer token in `file`, which is read again for each request; safer than a secret as an argument")
	f.StringVar(&c.tokenCommand, "token-command", "", "send the bearer token that the shell `command` prints; it runs again when the server refuses the token")
	f.StringVar(&c.user, "user", "", "send `name:password` as basic authentication; TUSKER_USER is safer, because other users may see arguments")
	List(f, &c.trusted, "trust-origin", "", "send headers, credentials and the client certificate to upload URLs at this `origin` too, such as https://cdn.example (repeat)")
	f.StringVar(&c.certFile, "cert", "", "present the client certificate in this PEM `file`")
	f.StringVar(&c.keyFile, "key", "", "read the key of the client certificate from this PEM `file` (default: the file of --cert)")
	f.BoolVar(&c.noSendfile, "no-sendfile", false, "read files in the program; for shared folders from which the system itself sends wrong bytes")
	f.BoolVar(&c.methodOverride, "method-override", false, "send PATCH and DELETE as POST with X-HTTP-Method-Override, for firewalls that allow only GET, HEAD and POST")
	f.StringVar(&c.unixSocket, "unix-socket", "", "connect to the socket at this `path`, for any host of the URL")
	f.DurationVar(&c.finish, "finish-timeout", client.DefaultFinishTimeout, "wait at most this `duration` for the answer to the last byte; 0 for no limit")
	f.DurationVar(&c.Timeout, "timeout", 0, "end the command after this `duration` (default: no limit)")
	cmd.Flags().AddFlagSet(f)
	c.registerReading(cmd)
}

// registerReading adds the flags that also count for remote files.
func (c *Connection) registerReading(cmd *cobra.Command) {
	f := newSet()
	f.BoolVar(&c.netrc, "netrc", false, "take the login and the password of the host from ~/.netrc if no other setting gives credentials")
	f.StringVar(&c.netrcFile, "netrc-file", "", "as --netrc, with this `file` in place of ~/.netrc")
	f.StringVar(&c.caFile, "cacert", "", "trust the authorities in this PEM `file` and no others")
	f.BoolVar(&c.insecure, "insecure", false, "accept any certificate: others in the network can then read and change all bytes")
	f.StringVar(&c.proxy, "proxy", "", "use the http, https or socks5 proxy at this `URL` (default: HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, except for NO_PROXY)")
	f.BoolVar(&c.http1, "http1.1", false, "do not use HTTP/2")
	f.IntVar(&c.retries, "retries", retry.DefaultMaxAttempts, "give up after this `number` of retries in a row without progress; 0 for none")
	f.DurationVar(&c.RetryMaxWait, "retry-max-wait", retry.DefaultMax, "wait at most this `duration` between two attempts")
	f.DurationVar(&c.Stall, "stall-timeout", client.DefaultStallTimeout, "end and retry a request after this `duration` in which no byte moved; 0 for never")
	cmd.Flags().AddFlagSet(f)
}

// Limit gives the context of the whole command.
func (c *Connection) Limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.Timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, c.Timeout, exit.ErrTimeout)
}

// NewClient gives a client for target, the endpoint or an upload. Its Endpoint is the
// same URL without user information. All errors are of usage: nothing is sent.
func NewClient(config client.Config, target string) (*client.Client, error) {
	config.Endpoint = strings.TrimSpace(target)
	out, err := client.New(config)
	if err != nil {
		// Which package it was is of no interest here.
		if inner := errors.Unwrap(err); inner != nil {
			err = inner
		}
		if errors.Is(err, client.ErrInvalidURL) {
			return nil, &advice.Failure{Err: usage.Error(err), Hint: advice.URL(config.Endpoint)}
		}
		return nil, usage.Error(err)
	}
	if out.Endpoint() == "" {
		return nil, usage.Error(fmt.Errorf("%w: it is empty", client.ErrInvalidURL))
	}
	return out, nil
}

// Config is what the flags say, without an endpoint. All errors are of usage.
func (c *Connection) Config(ctx context.Context, con *console.Console) (client.Config, error) {
	if err := c.check(); err != nil {
		return client.Config{}, usage.Error(err)
	}
	header, err := parseHeaders(c.headers)
	if err != nil {
		return client.Config{}, usage.Error(err)
	}
	authorize, err := c.authorize(ctx, con)
	if err != nil {
		return client.Config{}, usage.Error(err)
	}
	network, err := c.network()
	if err != nil {
		return client.Config{}, usage.Error(err)
	}
	settings.WarnOfReaders(con, "key file", c.privateKey())
	middleware := []transport.Middleware{transport.UserAgent("tusker/" + version.String()), authorize}
	if c.methodOverride {
		middleware = append(middleware, transport.MethodOverride())
	}
	if con.LogsHeaders() {
		middleware = append(middleware, logs.Headers(con.Log))
	}
	return client.Config{
		Doer:           transport.Chain(newConnections(network, c.maxConnections, &c.unlimited), middleware...),
		Header:         header,
		Jar:            new(cookies),
		TrustedOrigins: c.trusted,
		Retry:          c.policy(),
		Locked:         c.lockedPolicy(),
		Logger:         con.Log,
		StallTimeout:   zeroIsOff(c.Stall),
		FinishTimeout:  zeroIsOff(c.finish),
		StopAsking:     con.Hurry,
	}, nil
}

func (c *Connection) policy() retry.Backoff {
	return retry.Backoff{MaxAttempts: c.retries + 1, Max: c.RetryMaxWait}
}

// lockedPolicy returns the policy for waits while another request holds the upload.
func (c *Connection) lockedPolicy() retry.Backoff {
	policy := client.DefaultLocked()
	policy.Initial, policy.Max = min(policy.Initial, c.RetryMaxWait), min(policy.Max, c.RetryMaxWait)
	return policy
}

func (c *Connection) check() error {
	for _, flag := range []struct {
		name  string
		value time.Duration
	}{{"stall-timeout", c.Stall}, {"finish-timeout", c.finish}, {"timeout", c.Timeout}} {
		if flag.value < 0 {
			return fmt.Errorf("--%s %v is negative", flag.name, flag.value)
		}
	}
	switch {
	case c.retries < 0:
		return fmt.Errorf("--retries %d is negative", c.retries)
	case c.RetryMaxWait <= 0:
		return fmt.Errorf("--retry-max-wait %v is not above 0", c.RetryMaxWait)
	case c.keyFile != "" && c.certFile == "":
		return errors.New("--key needs --cert")
	case len(c.unixSocket) > longestSocket(runtime.GOOS):
		return fmt.Errorf("--unix-socket: the path is too long: it has %d bytes, and the system takes %d", len(c.unixSocket), longestSocket(runtime.GOOS))
	case slices.ContainsFunc(c.trusted, func(origin string) bool { return !advice.IsOrigin(origin) }):
		return errOrigin
	}
	return nil
}

var errHeader = errors.New("--header is not of the form 'Name: value'")

// parseHeaders does not repeat a header in its error: it may hold a secret.
func parseHeaders(lines []string) (http.Header, error) {
	header := make(http.Header)
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		name = strings.TrimSpace(name)
		if !ok || name == "" {
			return nil, errHeader
		}
		header.Add(name, strings.TrimSpace(value))
	}
	return header, nil
}

// zeroIsOff turns the 0 of a flag into that of the client's options.
func zeroIsOff(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

var errOrigin = errors.New("--trust-origin is not an origin such as https://cdn.example")
