package app

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

func terminateCommand(a *app) *cobra.Command {
	c, speaks := &flags.Connection{}, ""
	cmd := &cobra.Command{
		Use:   "terminate [flags] LOCATION...",
		Short: "Delete uploads",
		Long: `Deletes the uploads at the given URLs, complete or not, on servers that announce
the extension termination, or with --protocol, Resumable Uploads for HTTP. It
prints nothing.`,
		Example: `  tusker terminate "$URL"
  xargs tusker terminate < urls.txt`,
		Args: usage.Arguments(1, 0, "one or more LOCATION"),
		RunE: func(cmd *cobra.Command, args []string) error { return runTerminate(a, cmd, c, speaks, args) },
	}
	flags.RegisterProtocol(cmd, &speaks)
	c.Register(cmd)
	return cmd
}

func runTerminate(a *app, cmd *cobra.Command, c *flags.Connection, speaks string, locations []string) error {
	ctx, cancel := c.Limit(cmd.Context())
	defer cancel()
	config, err := c.QueryConfig(ctx, a.console)
	if err != nil {
		return err
	}
	config.Protocol = speaks
	// All arguments are checked before the first upload is deleted.
	clients := make([]*client.Client, len(locations))
	names := make([]string, len(locations))
	for i, location := range locations {
		if clients[i], err = flags.NewClient(config, location); err != nil {
			return err
		}
		names[i] = output.RedactURL(clients[i].Endpoint())
	}
	errs := make([]error, len(locations))
	for i, c := range clients {
		errs[i] = terminateOne(ctx, a.console, c)
		if errs[i] != nil && len(locations) > 1 {
			a.console.Complain(cmd, errs[i], "")
		}
	}
	if len(errs) == 1 {
		return errs[0]
	}
	return advice.Verdict("uploads", names, errs)
}

// terminateOne deletes the upload of c. If the answer to a DELETE was lost and the
// upload is gone afterwards, that DELETE deleted it.
func terminateOne(ctx context.Context, con *console.Console, c *client.Client) error {
	lost := false
	return flags.Retry(ctx, con, c, func(ctx context.Context) error {
		_, err := c.Terminate(ctx, c.Endpoint(), nil)
		if lost && (errors.Is(err, protocol.ErrNotFound) || errors.Is(err, protocol.ErrGone)) {
			return nil
		}
		if e, ok := errors.AsType[*client.Error](err); ok {
			lost = lost || e.AnswerLost
		}
		return err
	})
}
