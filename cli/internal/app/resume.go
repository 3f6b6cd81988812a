package app

import (
	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
)

func (a *app) resumeCommand() *cobra.Command {
	s := &sending{}
	verify := false
	cmd := &cobra.Command{
		Use:   "resume [flags] LOCATION FILE",
		Short: "Go on with an upload that exists",
		Long: `Sends to the upload at LOCATION what it lacks of FILE, and prints the URL. The
server says where to go on. No upload is ever created, so it also serves URLs
that somebody else made, such as those of Vimeo or of Cloudflare's direct
uploads.

That FILE holds the same bytes as before is for you to know; its size has to be
that of the upload.`,
		Example: `  tusker resume 'https://tus.example/files/24e533e02ec3bc40' video.mp4
  tusker resume --json "$URL" video.mp4`,
		Args: arguments(2, 2, "LOCATION and FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.resume(cmd, s, verify, args[0], args[1]) },
	}
	registerVerify(cmd, &verify)
	s.register(cmd)
	return cmd
}

func (a *app) resume(cmd *cobra.Command, s *sending, verify bool, location, file string) error {
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
	if err == nil {
		display := a.display(&s.showing, s.json, 1)
		result, err = c.Resume(ctx, c.Endpoint(), source, &client.UploadOptions{
			ChunkSize: int64(s.chunk), Verify: verify, OnEvent: a.watch(s, display)(0, file),
		})
		display.Close()
	}
	if s.json {
		a.out.JSON(output.NewResult(file, result, err))
	}
	if err != nil {
		out := a.ended(file, result, err)
		if out.resumable && hasSecret(result.URL) {
			out.hint = "run the same command again: it goes on from there"
		}
		return out
	}
	if !s.json {
		a.out.Line("%s", s.row(result))
	}
	return nil
}
