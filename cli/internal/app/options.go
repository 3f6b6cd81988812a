package app

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

func optionsCommand(a *app) *cobra.Command {
	q := &flags.Query{}
	cmd := &cobra.Command{
		Use:   "options [flags] ENDPOINT",
		Short: "Show what a server supports",
		Long: `Prints what the server at ENDPOINT says that it can do: versions of the
protocol, extensions, checksum algorithms, and the largest upload. It may be
able to do more than it says.`,
		Example: `  tusker options https://tus.example/files/
  tusker options --json https://tus.example/files/ | jq -r '.extensions[]'`,
		Args: usage.Arguments(1, 1, "one ENDPOINT"),
		RunE: func(cmd *cobra.Command, args []string) error { return runOptions(a, cmd, q, args[0]) },
	}
	q.Register(cmd)
	return cmd
}

func runOptions(a *app, cmd *cobra.Command, q *flags.Query, endpoint string) error {
	ctx, cancel := q.Limit(cmd.Context())
	defer cancel()
	var reply *client.Reply
	err := q.Ask(ctx, a.console, endpoint, func(ctx context.Context, c *client.Client) error {
		var err error
		reply, err = c.Options(ctx, nil)
		return err
	})
	if err != nil {
		return err
	}
	if q.JSON {
		a.console.Out.JSON(jsonOptions(reply.Capabilities))
	} else {
		a.console.Out.Table(optionsTable(reply.Capabilities))
	}
	return nil
}

func optionsTable(c protocol.Capabilities) [][2]string {
	maxSize := "no limit named"
	if n, ok := c.MaxSize.Int64(); ok {
		maxSize = bytesText(n)
	}
	return [][2]string{
		{"versions", listed(c.Versions)},
		{"extensions", listed(c.Extensions)},
		{"checksums", listed(c.ChecksumAlgorithms)},
		{"max size", maxSize},
	}
}

func listed[S ~string](names []S) string {
	if len(names) == 0 {
		return "none"
	}
	return output.Escape(strings.Join(texts(names), ", "))
}

// texts never returns nil, so that the result is a list in JSON, too.
func texts[S ~string](names []S) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = string(name)
	}
	return out
}

type optionsJSON struct {
	Versions   []string `json:"versions"`
	Extensions []string `json:"extensions"`
	Checksums  []string `json:"checksum_algorithms"`
	MaxSize    *int64   `json:"max_size"`
}

func jsonOptions(c protocol.Capabilities) optionsJSON {
	out := optionsJSON{
		Versions: texts(c.Versions), Extensions: texts(c.Extensions), Checksums: texts(c.ChecksumAlgorithms),
	}
	if n, ok := c.MaxSize.Int64(); ok {
		out.MaxSize = &n
	}
	return out
}
