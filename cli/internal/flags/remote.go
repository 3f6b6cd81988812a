package flags

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/logs"
	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/cli/internal/version"
	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/client/source/s3"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// Remote holds the flags for files that are not on this machine.
type Remote struct {
	anonymous bool   // no signature for S3
	payer     string // who pays for requests to S3: requester, or "" for the owner of the bucket
}

// requester is the only value of --request-payer, as for the AWS command line.
const requester = "requester"

func (r *Remote) register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&r.anonymous, "no-sign-request", false, "read s3:// files without credentials, from public buckets")
	cmd.Flags().StringVar(&r.payer, "request-payer", "", "pay for the requests to s3:// files of another account, whose owner does not (`requester`)")
}

// Reading holds the flags of a command that reads remote files, and sends nothing.
type Reading struct {
	Remote
	connection Connection
}

func (r *Reading) register(cmd *cobra.Command) {
	r.Remote.register(cmd)
	r.connection.registerReading(cmd)
}

// Open returns what opens remote files.
func (r *Reading) Open(con *console.Console) (*remote.Files, error) {
	if err := r.connection.check(); err != nil {
		return nil, usage.Error(err)
	}
	if _, err := r.connection.netrcEntries(con); err != nil {
		return nil, usage.Error(err)
	}
	return r.OpenRemote(&r.connection, con)
}

// OpenRemote returns what opens remote files. They get the settings for the network and the retries
// of c, and the credentials of a netrc file. They get no other credentials: these are for the
// ENDPOINT.
func (r *Remote) OpenRemote(c *Connection, con *console.Console) (*remote.Files, error) {
	switch {
	case r.payer != "" && r.payer != requester:
		return nil, usage.Error(fmt.Errorf("--request-payer is %q, want %s", r.payer, requester))
	case r.payer != "" && r.anonymous:
		return nil, usage.Error(errors.New("--request-payer needs credentials, and --no-sign-request uses none"))
	}
	network, err := c.network()
	if err != nil {
		return nil, usage.Error(err)
	}
	network.Certificates, network.UnixSocket = nil, ""
	middleware := []transport.Middleware{transport.UserAgent("tusker/" + version.String())}
	if con.LogsHeaders() {
		middleware = append(middleware, logs.Headers(con.Log))
	}
	web := nethttp.New(network)
	store := *web // with the same connections
	store.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	base := httpsource.Config{
		Retry: c.policy(), StallTimeout: zeroIsOff(c.Stall), Logger: con.Log,
		OnRetry: func(name string, failed retry.Attempt, wait time.Duration) {
			con.Retrying(name, failed.Number, wait, failed.Err)
		},
	}
	buckets := s3.Config{
		Anonymous: r.anonymous, RequesterPays: r.payer != "", Doer: transport.Chain(&store, middleware...),
		Retry: base.Retry, StallTimeout: base.StallTimeout, Logger: base.Logger, OnRetry: base.OnRetry,
	}
	entries, _, err := c.readNetrc(con.LookupEnv) // The ENDPOINT has warned about it.
	if err != nil {
		return nil, usage.Error(err)
	}
	if entries != nil {
		middleware = append(middleware, fromNetrc(entries, ""))
	}
	base.Doer = transport.Chain(web, middleware...)
	return remote.New(base, buckets), nil
}

// checkRemote finds flags that are only for files on this machine.
func (u *Upload) checkRemote(files []string) error {
	i := slices.IndexFunc(files, remote.IsName)
	if i < 0 {
		return nil
	}
	flag := ""
	switch {
	case u.Watching:
		flag = "--watch"
	case u.DeleteAfter:
		flag = "--delete-after"
	case u.MoveTo != "":
		flag = "--move-to"
	case u.Snapshot:
		flag = "--snapshot"
	default:
		return nil
	}
	return fmt.Errorf("%s is for files on this machine, and %s is not on it", flag, remote.Shown(files[i]))
}
