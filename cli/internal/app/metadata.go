package app

import (
	"encoding/base64"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

func metadataCommand(a *app) *cobra.Command {
	q := &flags.Query{}
	cmd := &cobra.Command{
		Use:   "metadata [flags] LOCATION",
		Short: "Read back the metadata of an upload",
		Long: `Prints the metadata of the upload at LOCATION, sorted by key: "key: value" on
each line, or only "key" if there is no value. Characters that cannot be
printed, and the backslash, are escaped as in a Go string.

With --json, the output is one object of strings. A value that is not UTF-8 is
an object {"base64": "..."}.`,
		Example: `  tusker metadata "$URL"
  tusker metadata --json "$URL" | jq -r .filename`,
		Args: usage.Arguments(1, 1, "one LOCATION"),
		RunE: func(cmd *cobra.Command, args []string) error { return runMetadata(a, cmd, q, args[0]) },
	}
	q.Register(cmd)
	return cmd
}

func runMetadata(a *app, cmd *cobra.Command, q *flags.Query, location string) error {
	ctx, cancel := q.Limit(cmd.Context())
	defer cancel()
	config, err := q.QueryConfig(ctx, a.console)
	if err != nil {
		return err
	}
	c, err := flags.NewClient(config, location)
	if err != nil {
		return err
	}
	// The readable part is shown even if the rest has errors.
	metadata, err := c.Metadata(ctx, c.Endpoint(), &client.CallOptions{OnEvent: func(e client.Event) { a.console.Observe("", e) }})
	switch {
	case q.JSON && err == nil:
		a.console.Out.JSON(jsonMetadata(metadata))
	case !q.JSON:
		for _, line := range metadataLines(metadata) {
			a.console.Out.Line("%s", line)
		}
	}
	return err
}

func metadataLines(metadata protocol.Metadata) []string {
	lines := make([]string, 0, len(metadata))
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		line := output.Escape(key)
		if value := metadata[key]; value != "" {
			line += ": " + output.Escape(value)
		}
		lines = append(lines, line)
	}
	return lines
}

func jsonMetadata(metadata protocol.Metadata) map[string]any {
	out := make(map[string]any, len(metadata))
	for key, value := range metadata {
		if utf8.ValidString(value) {
			out[key] = value
		} else {
			out[key] = map[string]string{"base64": base64.StdEncoding.EncodeToString([]byte(value))}
		}
	}
	return out
}
