package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// connection holds the flags of the commands that talk to a server.
type connection struct {
	as                            string
	headers                       []string
	trusted                       []string
	tokenFile, tokenCommand, user string
	netrcFile                     string
	netrc                         bool
	caFile, certFile, keyFile     string
	proxy, unixSocket             string
	connections                   int // at most; 0: as many as there are requests
	insecure, http1, noSendfile   bool
	retries                       int
	retryMaxWait, stall, finish   time.Duration
	timeout                       time.Duration
	methodOverride                bool
}

func (c *connection) register(cmd *cobra.Command) {
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	if firstArgument(cmd) == argLocation {
		f.StringVar(&c.as, "as", "", "with the settings of the endpoint of that `name` in the config file")
	}
	f.StringArrayVarP(&c.headers, "header", "H", nil, "send this `'Name: value'` with every request (repeat)")
	f.StringVar(&c.tokenFile, "token-file", "", "send the bearer token in `file`, read anew for each request; secrets are better given so than as an argument")
	f.StringVar(&c.tokenCommand, "token-command", "", "send the bearer token that the shell `command` prints; it runs again when the server refuses the token")
	f.StringVar(&c.user, "user", "", "send `name:password`; better given as TUSKER_USER than here, where other users may see it")
	f.BoolVar(&c.netrc, "netrc", false, "look into ~/.netrc for name and password where nothing else gives credentials")
	f.StringVar(&c.netrcFile, "netrc-file", "", "look into this `file` for them")
	f.StringArrayVar(&c.trusted, "trust-origin", nil, "send headers, credentials and the client certificate to upload URLs at this `origin` too, such as https://cdn.example (repeat)")
	f.StringVar(&c.caFile, "cacert", "", "trust the authorities in this PEM `file` and no others")
	f.StringVar(&c.certFile, "cert", "", "present the client certificate in this PEM `file`")
	f.StringVar(&c.keyFile, "key", "", "PEM `file` of its key (default: the file of --cert)")
	f.BoolVar(&c.insecure, "insecure", false, "accept any certificate: anybody in between can read and change what is sent")
	f.StringVar(&c.proxy, "proxy", "", "http, https or socks5 proxy `URL` (default: HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, except for NO_PROXY)")
	f.BoolVar(&c.http1, "http1.1", false, "do not use HTTP/2")
	f.BoolVar(&c.noSendfile, "no-sendfile", false, "read files instead of having the system send them, where a shared folder has other bytes for it")
	f.BoolVar(&c.methodOverride, "method-override", false, "send PATCH and DELETE as POST with X-HTTP-Method-Override, for firewalls that allow only GET, HEAD and POST")
	f.StringVar(&c.unixSocket, "unix-socket", "", "connect to the socket at this `path`, whatever the URL's host")
	f.IntVar(&c.retries, "retries", retry.DefaultMaxAttempts, "`number` of tries after the first, in a row without progress; 0 for none")
	f.DurationVar(&c.retryMaxWait, "retry-max-wait", retry.DefaultMax, "longest wait between two tries")
	f.DurationVar(&c.stall, "stall-timeout", client.DefaultStallTimeout, "try again after so long without a sign of life; 0 for never")
	f.DurationVar(&c.finish, "finish-timeout", client.DefaultFinishTimeout, "how long the server may take after the last byte; 0 for no limit")
	f.DurationVar(&c.timeout, "timeout", 0, "give up when the whole command has taken so long (default: no limit)")
	f.VisitAll(func(flag *pflag.Flag) {
		flag.Annotations = map[string][]string{annotationGroup: {"connection"}}
	})
	cmd.Flags().AddFlagSet(f)
}

// needed are the flags without which another command may not reach the server.
// It is credentials, mostly, so their values are not repeated in a hint.
var needed = []string{
	"header", "token-file", "token-command", "user", "netrc", "netrc-file", "cacert", "cert", "key", "insecure",
	"proxy", "unix-socket", "http1.1", "method-override",
}

// neededGiven reports whether any of these flags is set.
func neededGiven(cmd *cobra.Command) bool { return slices.ContainsFunc(needed, cmd.Flags().Changed) }

// limit gives the context of the whole command.
func (c *connection) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, c.timeout, exit.ErrTimeout)
}

// client is a client for target, see open.
func (a *app) client(ctx context.Context, c *connection, target string) (*client.Client, error) {
	config, err := a.config(ctx, c)
	if err != nil {
		return nil, err
	}
	return open(config, target)
}

// open gives a client for target, the endpoint or an upload. Its Endpoint is the
// same URL without user information. All errors are of usage: nothing is sent.
func open(config client.Config, target string) (*client.Client, error) {
	config.Endpoint = strings.TrimSpace(target)
	out, err := client.New(config)
	if err != nil {
		// Which package it was is of no interest here.
		if inner := errors.Unwrap(err); inner != nil {
			err = inner
		}
		if errors.Is(err, client.ErrInvalidURL) {
			return nil, &failure{err: usage(err), hint: urlHint(config.Endpoint)}
		}
		return nil, usage(err)
	}
	if out.Endpoint() == "" {
		return nil, usage(fmt.Errorf("%w: it is empty", client.ErrInvalidURL))
	}
	return out, nil
}

// config is what the flags say, without an endpoint. All errors are of usage.
func (a *app) config(ctx context.Context, c *connection) (client.Config, error) {
	if err := c.check(); err != nil {
		return client.Config{}, usage(err)
	}
	header, err := parseHeaders(c.headers)
	if err != nil {
		return client.Config{}, usage(err)
	}
	authorize, err := a.authorize(ctx, c)
	if err != nil {
		return client.Config{}, usage(err)
	}
	network, err := c.network()
	if err != nil {
		return client.Config{}, usage(err)
	}
	a.warnOfReaders("key file", c.privateKey())
	middleware := []transport.Middleware{transport.UserAgent("tusker/" + version()), authorize}
	if c.methodOverride {
		middleware = append(middleware, transport.MethodOverride())
	}
	return client.Config{
		Doer:           transport.Chain(nethttp.New(network), middleware...),
		Header:         header,
		Jar:            new(cookies),
		TrustedOrigins: c.trusted,
		Retry:          c.policy(),
		Logger:         a.log,
		StallTimeout:   zeroIsOff(c.stall),
		FinishTimeout:  zeroIsOff(c.finish),
	}, nil
}

func (c *connection) policy() retry.Backoff {
	return retry.Backoff{MaxAttempts: c.retries + 1, Max: c.retryMaxWait}
}

func (c *connection) check() error {
	for _, flag := range []struct {
		name  string
		value time.Duration
	}{{"stall-timeout", c.stall}, {"finish-timeout", c.finish}, {"timeout", c.timeout}} {
		if flag.value < 0 {
			return fmt.Errorf("--%s %v is negative", flag.name, flag.value)
		}
	}
	switch {
	case c.retries < 0:
		return fmt.Errorf("--retries %d is negative", c.retries)
	case c.retryMaxWait <= 0:
		return fmt.Errorf("--retry-max-wait %v is not above 0", c.retryMaxWait)
	case c.keyFile != "" && c.certFile == "":
		return errors.New("--key needs --cert")
	case len(c.unixSocket) > longestSocket(runtime.GOOS):
		return fmt.Errorf("--unix-socket: the path is too long: it has %d bytes, and the system takes %d", len(c.unixSocket), longestSocket(runtime.GOOS))
	case slices.ContainsFunc(c.trusted, func(origin string) bool { return !isOrigin(origin) }):
		return errOrigin
	}
	return nil
}

// longestSocket returns the most bytes that the path of a unix socket may have. The system
// ends it with a zero byte.
func longestSocket(goos string) int {
	switch goos {
	case "linux", "windows":
		return 107
	}
	return 103 // BSD and macOS
}

// privateKey is the file with the key of the client certificate, "" for none.
func (c *connection) privateKey() string {
	if c.keyFile != "" {
		return c.keyFile
	}
	return c.certFile
}

func (c *connection) network() (nethttp.Config, error) {
	config := nethttp.Config{
		InsecureSkipVerify: c.insecure, HTTP1Only: c.http1, NoSendfile: c.noSendfile, UnixSocket: c.unixSocket, MaxConnsPerHost: c.connections,
	}
	var err error
	if c.caFile != "" {
		if config.RootCAs, err = nethttp.LoadCertPool(c.caFile); err != nil {
			return config, fmt.Errorf("--cacert: %w", err)
		}
	}
	if c.certFile != "" {
		certificate, err := nethttp.LoadCertificate(c.certFile, c.privateKey())
		if err != nil {
			return config, fmt.Errorf("--cert: %w", err)
		}
		config.Certificates = append(config.Certificates, certificate)
	}
	if c.proxy != "" {
		if config.Proxy, err = parseProxy(c.proxy); err != nil {
			return config, err
		}
	}
	return config, nil
}

var errProxy = errors.New("--proxy is not a URL such as http://proxy.example:3128")

// parseProxy does not repeat the URL in its error: it may hold a password.
func parseProxy(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return nil, errProxy
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return u, nil
	}
	return nil, errProxy
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
