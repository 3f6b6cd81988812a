package flags

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/client"
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

// QueryConfig returns the configuration from the flags, with the log of a client whose
// retries are reported by the console.
func (c *Connection) QueryConfig(ctx context.Context, con *console.Console) (client.Config, error) {
	config, err := c.Config(ctx, con)
	config.Logger = con.ClientLog()
	return config, err
}

// Ask calls question with a client for target, again after failures.
func (c *Connection) Ask(ctx context.Context, con *console.Console, target string, question func(context.Context, *client.Client) error) error {
	config, err := c.QueryConfig(ctx, con)
	if err != nil {
		return err
	}
	asked, err := NewClient(config, target)
	if err != nil {
		return err
	}
	return Retry(ctx, con, asked, func(ctx context.Context) error { return question(ctx, asked) })
}

// Retry does an exchange with the endpoint of c, again after failures, which it reports.
func Retry(ctx context.Context, con *console.Console, c *client.Client, exchange func(context.Context) error) error {
	return c.Retry(ctx, c.Endpoint(), exchange, func(e client.Event) { con.Observe("", e) })
}
