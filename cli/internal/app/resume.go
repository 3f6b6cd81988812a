package app

import (
	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
)

func (a *app) resumeCommand() *cobra.Command {
	s := &sending{}
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
		RunE: func(cmd *cobra.Command, args []string) error { return a.resume(cmd, s, args[0], args[1]) },
	}
	s.register(cmd)
	return cmd
}

func (a *app) resume(cmd *cobra.Command, s *sending, location, file string) error {
	ctx, cancel := s.limit(cmd.Context())
	defer cancel()
	if err := s.check(cmd, []string{file}); err != nil {
		return usage(err)
	}
	c, err := a.client(ctx, &s.connection, location)
	if err != nil {
		return err
	}
	result := &client.Result{}
	source, err := a.source(cmd, &s.streams, file)
	if err == nil {
		result, err = c.Resume(ctx, c.Endpoint(), source, &client.UploadOptions{
			ChunkSize: int64(s.chunk), OnEvent: a.watch(s, []string{file})(0),
		})
	}
	if s.json {
		a.out.JSON(output.NewResult(file, result, err))
	}
	if err != nil {
		return a.ended(file, result, err)
	}
	if !s.json {
		a.out.Line("%s", s.row(result))
	}
	return nil
}
