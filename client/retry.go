package client

import (
	"context"
	"time"

	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// DefaultLocked returns the policy that nil means for Config.Locked.
func DefaultLocked() retry.Backoff {
	return retry.Backoff{Initial: 2 * time.Second, Max: 5 * time.Second, Jitter: 0.5, MaxAttempts: -1, MaxElapsed: 90 * time.Second}
}

// Retry calls exchange, which does a single exchange with url such as Head or Terminate,
// until it succeeds, its failure is final, or the Client's policies allow no more attempts.
// Config.Retry decides on failures, and Config.Locked on waits while another request holds
// the upload. Retry also waits if the host has asked another call of the Client for fewer
// requests.
//
// onEvent is told of each EventRetry and EventWaiting, in the goroutine of the caller; nil:
// of none. The error is that of the last exchange, and Is retry.ErrExhausted if a policy
// allowed no more attempts. If ctx ends, the error Is the cause of ctx. Retry is safe for
// concurrent use.
func (c *Client) Retry(ctx context.Context, url string, exchange func(context.Context) error, onEvent func(Event)) error {
	told := &teller{callback: newCallback(onEvent)}
	query := engine.Query{Rules: c.rules, URL: url, Tell: told.hear}
	_, err := query.Repeat(transport.SingleAttempt(ctx), exchange)
	return err
}
