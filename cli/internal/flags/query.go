package flags

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/retry"
)

// Query holds the flags of the commands that send a single request to a server.
type Query struct {
	Connection

	// JSON means that the results are printed as JSON.
	JSON bool
}

// Register adds the flags.
func (q *Query) Register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&q.JSON, "json", false, "print JSON")
	q.Connection.Register(cmd)
}

// reportingPolicy is a policy that reports each retry, for calls that do not report
// retries themselves.
type reportingPolicy struct {
	retry.Backoff
	console *console.Console
}

// Next implements retry.Policy.
func (p reportingPolicy) Next(a retry.Attempt) (time.Duration, bool) {
	wait, ok := p.Backoff.Next(a)
	if ok {
		p.console.Retrying("", a.Number, wait, a.Err)
		if !p.console.IsTerse() {
			p.console.Log.Warn(console.RetryMessage, "attempt", a.Number, "wait", wait, "err", a.Err)
		}
	}
	return wait, ok
}

// RetryPolicy returns the retry policy of the flags, which also reports each retry.
func (c *Connection) RetryPolicy(con *console.Console) retry.Policy {
	return reportingPolicy{Backoff: c.policy(), console: con}
}

// QueryConfig returns the configuration from the flags, with announced retries.
func (c *Connection) QueryConfig(ctx context.Context, con *console.Console) (client.Config, error) {
	config, err := c.Config(ctx, con)
	config.Retry = c.RetryPolicy(con)
	return config, err
}

// Ask calls question, with retries, with a client for target.
func (c *Connection) Ask(ctx context.Context, con *console.Console, target string, question func(context.Context, *client.Client) error) error {
	config, err := c.QueryConfig(ctx, con)
	if err != nil {
		return err
	}
	asked, err := NewClient(config, target)
	if err != nil {
		return err
	}
	return retry.Do(ctx, config.Retry, func(ctx context.Context) error { return question(ctx, asked) })
}
