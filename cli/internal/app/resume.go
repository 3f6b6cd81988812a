package app

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/batch"
	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/records"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/source"
)

func resumeCommand(a *app) *cobra.Command {
	s := &flags.Sending{}
	verify, same, stateDir := false, false, ""
	cmd := &cobra.Command{
		Use:   "resume [flags] LOCATION FILE",
		Short: "Resume an upload by its URL",
		Long: `Sends the bytes of FILE that the upload at LOCATION does not have yet, and
prints the URL. The server names the offset. The command never creates an
upload, so it is also for URLs that another program created, such as those of
Vimeo or of Cloudflare's direct uploads.

Make sure that FILE has the same bytes as before. The command only checks that
its size is that of the upload. For a stream (standard input, a pipe, a device)
it cannot even check the size. Therefore it does not send a stream if the server
has bytes already, unless --same-stream says that the stream begins with them.

If a record in --state-dir says that the server refused the upload, the command
fails although the upload is complete.`,
		Example: `  tusker resume 'https://tus.example/files/24e533e02ec3bc40' video.mp4
  tusker resume --json "$URL" video.mp4`,
		Args: usage.Arguments(2, 2, "LOCATION and FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runResume(a, cmd, s, resumption{verify, same, stateDir}, args[0], batch.NameOnDisk(args[1]))
		},
	}
	flags.RegisterVerify(cmd, &verify)
	flags.RegisterProtocol(cmd, &s.Protocol)
	registerSameStream(cmd, &same)
	flags.RegisterStateDir(cmd, &stateDir)
	s.Register(cmd)
	return cmd
}

// resumption holds the flags that only resume has.
type resumption struct {
	verify, sameStream bool
	stateDir           string
}

func runResume(a *app, cmd *cobra.Command, s *flags.Sending, how resumption, location, file string) error {
	ctx, cancel := s.Limit(cmd.Context())
	defer cancel()
	if err := s.Check(cmd, []string{file}, a.console.In); err != nil {
		return usage.Error(err)
	}
	config, err := s.Config(ctx, a.console)
	if err != nil {
		return err
	}
	s.Tune(a.console, &config)
	if err := s.Rules(&s.Connection, location, false, &config); err != nil {
		return err
	}
	c, err := flags.NewClient(config, location)
	if err != nil {
		return err
	}
	result := &client.Result{}
	src, err := s.Source(ctx, a.console, cmd, file, new(source.Paths))
	if err == nil && s.IsLost(a.console.In, file) && !how.sameStream {
		err = checkStream(ctx, a.console, c)
	}
	if err == nil {
		display := s.Display(a.console, s.JSON, 1)
		result, err = c.Resume(ctx, c.Endpoint(), src, &client.UploadOptions{
			ChunkSize: int64(s.Chunk), Verify: how.verify, OnEvent: s.Watch(a.console, display)(0, file, file),
		})
		display.Close()
		a.console.ReportResult(ctx, file, result)
		limit := &advice.BodyLimit{}
		limit.Add(result, err)
		a.console.ReportLimit(limit)
	}
	if err == nil && result.Sent == 0 {
		err = refusedBefore(ctx, a, how.stateDir, result.URL)
	}
	if s.JSON {
		a.console.Out.JSON(output.NewResult(file, result, err))
	}
	if err != nil {
		out := advice.Ended(file, s.IsLost(a.console.In, file), result, err, a.settings.Invocation)
		if out.Resumable && output.HasSecret(result.URL) {
			out.Hint = "run the same command again: it resumes the upload"
		}
		return out.Before(advice.Undelivered(result, err))
	}
	if !s.JSON {
		a.console.Out.Line("%s", s.Row(result))
		a.console.ReportVerified(file, result)
	}
	return nil
}

// refusedBefore returns the error of an upload that the server refused in an
// earlier run, if a record contains it. It ignores a folder of records that cannot
// be read.
func refusedBefore(ctx context.Context, a *app, stateDir, url string) error {
	var refusal error
	if store, err := records.Open(stateDir, a.console.LookupEnv); err == nil {
		_ = records.Each(ctx, a.console.Log, store, func(r *client.Record) {
			if r.URL == url && refusal == nil {
				refusal = r.Refusal()
			}
		})
	}
	return refusal
}

func registerSameStream(cmd *cobra.Command, same *bool) {
	cmd.Flags().BoolVar(same, "same-stream", false,
		"resume a stream that begins with the same bytes that were sent before; they are skipped without a check")
}

// checkStream refuses a stream for an upload that has bytes already: another dump
// or another run of a program would be joined to them.
func checkStream(ctx context.Context, con *console.Console, c *client.Client) error {
	var has int64
	err := flags.Retry(ctx, con, c, func(ctx context.Context) error {
		reply, err := c.Head(ctx, c.Endpoint(), nil)
		if err == nil {
			has = reply.State.Offset
		}
		return err
	})
	if err != nil || has == 0 {
		return err
	}
	return exit.With(exit.Source, fmt.Errorf("%w: the server has %s already", advice.ErrOtherStream, units.FormatSize(has)))
}
