package app

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

func infoCommand(a *app) *cobra.Command {
	q := &flags.Query{}
	cmd := &cobra.Command{
		Use:   "info [flags] LOCATION",
		Short: "Show how much of an upload the server has",
		Long: `Prints what the server says about the upload at LOCATION: offset, length,
percent, when it expires, its state in a concatenation, and its metadata.

Some servers end a request that is sending to the same upload when they are
asked. An upload with this program then resumes by itself.`,
		Example: `  tusker info "$URL"
  tusker info --json "$URL" | jq .offset`,
		Args: usage.Arguments(1, 1, "one LOCATION"),
		RunE: func(cmd *cobra.Command, args []string) error { return runInfo(a, cmd, q, args[0]) },
	}
	q.Register(cmd)
	return cmd
}

func runInfo(a *app, cmd *cobra.Command, q *flags.Query, location string) error {
	ctx, cancel := q.Limit(cmd.Context())
	defer cancel()
	var reply *client.Reply
	err := q.Ask(ctx, a.console, location, func(ctx context.Context, c *client.Client) error {
		var err error
		reply, err = c.Head(ctx, c.Endpoint(), nil)
		return err
	})
	if err != nil {
		return err
	}
	if q.JSON {
		a.console.Out.JSON(jsonInfo(reply.State))
	} else {
		a.console.Out.Table(infoTable(reply.State))
	}
	return nil
}

func infoTable(s protocol.State) [][2]string {
	rows := [][2]string{{"offset", bytesText(s.Offset)}}
	if n, ok := s.Length.Int64(); ok {
		rows = append(rows, [2]string{"length", bytesText(n)}, [2]string{"percent", fmt.Sprintf("%.1f", percent(s.Offset, n))})
	} else {
		rows = append(rows, [2]string{"length", "not known yet"})
	}
	if !s.Expires.IsZero() {
		rows = append(rows, [2]string{"expires", s.Expires.Format(time.RFC3339)})
	}
	if s.Concat.Kind != protocol.ConcatNone {
		rows = append(rows, [2]string{"concat", s.Concat.Kind.String()})
	}
	for i, part := range s.Concat.Parts {
		rows = append(rows, [2]string{first(i, "parts"), output.Escape(part)})
	}
	for i, line := range metadataLines(s.Metadata) {
		rows = append(rows, [2]string{first(i, "metadata"), line})
	}
	return rows
}

// first is the name of a row. The following rows do not repeat it.
func first(i int, name string) string {
	if i == 0 {
		return name
	}
	return ""
}

func bytesText(n int64) string {
	if n < 1024 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d (%s)", n, units.FormatSize(n))
}

// percent is 100 for an empty upload, and is never rounded up to 100.
func percent(offset, length int64) float64 {
	if length == 0 || offset == length {
		return 100
	}
	return min(99.9, float64(offset)/float64(length)*100)
}

type infoJSON struct {
	URL      string         `json:"url"`
	Offset   int64          `json:"offset"`
	Length   *int64         `json:"length"`
	Percent  *float64       `json:"percent"`
	Complete bool           `json:"complete"`
	Expires  *time.Time     `json:"expires"`
	Concat   string         `json:"concat"`
	Parts    []string       `json:"parts,omitempty"`
	Metadata map[string]any `json:"metadata"`
}

func jsonInfo(s protocol.State) infoJSON {
	out := infoJSON{
		URL: s.Location, Offset: s.Offset, Complete: s.Complete(), Concat: s.Concat.Kind.String(),
		Parts: s.Concat.Parts, Metadata: jsonMetadata(s.Metadata),
	}
	if n, ok := s.Length.Int64(); ok {
		p := percent(s.Offset, n)
		out.Length, out.Percent = &n, &p
	}
	if !s.Expires.IsZero() {
		out.Expires = &s.Expires
	}
	return out
}
