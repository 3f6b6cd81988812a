package app

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
)

func (a *app) resumeCommand() *cobra.Command {
	s := &sending{}
	verify, same, stateDir := false, false, ""
	cmd := &cobra.Command{
		Use:   "resume [flags] LOCATION FILE",
		Short: "Go on with an upload that exists",
		Long: `Sends to the upload at LOCATION what it lacks of FILE, and prints the URL. The
server says where to go on. No upload is ever created, so it also serves URLs
that somebody else made, such as those of Vimeo or of Cloudflare's direct
uploads.

That FILE holds the same bytes as before is for you to know; its size has to be
that of the upload. A stream (standard input, a pipe, a device) shows neither.
It is not sent if the server has bytes already, unless --same-stream says that
it begins with them.

A complete upload is no success if a record in --state-dir says that the server
refused it.`,
		Example: `  tusker resume 'https://tus.example/files/24e533e02ec3bc40' video.mp4
  tusker resume --json "$URL" video.mp4`,
		Args: arguments(2, 2, "LOCATION and FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.resume(cmd, s, resumption{verify, same, stateDir}, args[0], nameOnDisk(args[1]))
		},
	}
	registerVerify(cmd, &verify)
	registerSameStream(cmd, &same)
	registerStateDir(cmd, &stateDir)
	s.register(cmd)
	return cmd
}

// resumption holds the flags that only resume has.
type resumption struct {
	verify, sameStream bool
	stateDir           string
}

func (a *app) resume(cmd *cobra.Command, s *sending, how resumption, location, file string) error {
	ctx, cancel := s.limit(cmd.Context())
	defer cancel()
	if err := s.check(cmd, []string{file}, a.in); err != nil {
		return usage(err)
	}
	config, err := a.config(ctx, &s.connection)
	if err != nil {
		return err
	}
	a.tune(s, &config)
	if err := s.rules(&s.connection, location, false, &config); err != nil {
		return err
	}
	c, err := open(config, location)
	if err != nil {
		return err
	}
	result := &client.Result{}
	source, err := a.source(cmd, &s.streams, file)
	if err == nil && a.isLost(file) && !how.sameStream {
		err = a.checkStream(ctx, c, announced{Backoff: s.policy(), app: a})
	}
	if err == nil {
		display := a.display(&s.showing, s.json, 1)
		result, err = c.Resume(ctx, c.Endpoint(), source, &client.UploadOptions{
			ChunkSize: int64(s.chunk), Verify: how.verify, OnEvent: a.watch(s, display)(0, file),
		})
		display.Close()
		a.sent(ctx, file, result)
		limit := &bodyLimit{}
		limit.add(result, err)
		a.tellLimit(limit)
	}
	if err == nil && result.Sent == 0 {
		err = a.refusedBefore(ctx, how.stateDir, result.URL)
	}
	if s.json {
		a.out.JSON(output.NewResult(file, result, err))
	}
	if err != nil {
		out := a.ended(file, result, err)
		if out.resumable && hasSecret(result.URL) {
			out.hint = "run the same command again: it resumes the upload"
		}
		return out
	}
	if !s.json {
		a.out.Line("%s", s.row(result))
	}
	return nil
}

// refusedBefore returns the error of an upload that the server refused in an
// earlier run, if a record contains it. It ignores a folder of records that cannot
// be read.
func (a *app) refusedBefore(ctx context.Context, stateDir, url string) error {
	var refusal error
	if store, err := a.records(stateDir); err == nil {
		_ = a.eachRecord(ctx, store, func(r *client.Record) {
			if r.URL == url && refusal == nil {
				refusal = r.Refusal()
			}
		})
	}
	return refusal
}
