package app

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/retry"
)

// asking holds the flags of the commands that send a single request to a server.
type asking struct {
	connection
	json bool
}

func (q *asking) register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&q.json, "json", false, "print JSON")
	q.connection.register(cmd)
}

// announced is a policy that reports each retry, for calls that do not report
// retries themselves.
type announced struct {
	retry.Backoff
	app *app
}

// Next implements retry.Policy.
func (p announced) Next(a retry.Attempt) (time.Duration, bool) {
	wait, ok := p.Backoff.Next(a)
	if ok {
		p.app.retrying("", a.Number, wait, a.Err)
		if !p.app.terse() {
			p.app.log.Warn(retryMessage, "attempt", a.Number, "wait", wait, "err", a.Err)
		}
	}
	return wait, ok
}

// askingConfig returns the configuration from the flags, with announced retries.
func (a *app) askingConfig(ctx context.Context, c *connection) (client.Config, error) {
	config, err := a.config(ctx, c)
	config.Retry = announced{Backoff: c.policy(), app: a}
	return config, err
}

// ask calls question, with retries, with a client for target.
func (a *app) ask(ctx context.Context, c *connection, target string, question func(context.Context, *client.Client) error) error {
	config, err := a.askingConfig(ctx, c)
	if err != nil {
		return err
	}
	asked, err := open(config, target)
	if err != nil {
		return err
	}
	return retry.Do(ctx, config.Retry, func(ctx context.Context) error { return question(ctx, asked) })
}
