package app

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/progress"
	"github.com/tusker-go/tusker/client"
)

type concat struct {
	sending
	metadata    []string
	concurrency int
}

func (a *app) concatCommand() *cobra.Command {
	c := &concat{}
	cmd := &cobra.Command{
		Use:   "concat [flags] ENDPOINT FILE...",
		Short: "Upload files as the parts of one upload",
		Long: `Uploads the files as parts, side by side, and joins them on the server, in the
order of the arguments, into one upload, whose URL it prints. Metadata goes to
that upload; the parts have none.

Nothing is sent to a server that does not announce concatenation. A part that
fails stops the others.`,
		Example: `  split -n 4 big.iso part. && tusker concat URL part.*
  tusker concat --metadata filename=all.log URL one.log two.log`,
		Args: arguments(2, 0, "ENDPOINT and one or more FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.concat(cmd, c, args[0], args[1:]) },
	}
	f := cmd.Flags()
	f.StringArrayVar(&c.metadata, "metadata", nil, "`key[=value]` to keep with the upload (repeat)")
	registerNoInline(cmd, &c.noInline)
	f.IntVar(&c.concurrency, "concurrency", client.DefaultConcurrency, "`number` of parts sent at once")
	c.register(cmd)
	return cmd
}

func (a *app) concat(cmd *cobra.Command, cc *concat, endpoint string, files []string) error {
	ctx, cancel := cc.limit(cmd.Context())
	defer cancel()
	if err := cc.check(cmd, files, a.in); err != nil {
		return usage(err)
	}
	if cc.concurrency < 1 {
		return usage(errors.New("--concurrency is not above 0"))
	}
	metadata, err := parseMetadata(cc.metadata)
	if err != nil {
		return usage(err)
	}
	config, err := a.config(ctx, &cc.connection)
	if err != nil {
		return err
	}
	a.tune(&cc.sending, &config)
	if err := cc.created(&cc.connection, endpoint, metadata, false, &config); err != nil {
		return err
	}
	c, err := open(config, endpoint)
	if err != nil {
		return err
	}
	sources := make([]client.Source, len(files))
	for i, file := range files {
		if sources[i], err = a.source(cmd, &cc.streams, file); err != nil {
			return &failure{subject: file, err: err}
		}
	}
	display := a.display(&cc.showing, cc.json, len(files))
	defer display.Close()
	result, err := c.UploadConcat(ctx, sources, &client.ConcatOptions{
		Metadata: metadata, ChunkSize: int64(cc.chunk), Concurrency: cc.concurrency,
		OnEvent: a.watchParts(&cc.sending, files, display),
	})
	display.Close()
	a.sent(ctx, "", result)
	limit := &bodyLimit{}
	limit.add(result, err)
	a.tellLimit(limit)
	if cc.json {
		a.out.JSON(output.NewResult("", result, err))
	}
	if err != nil {
		return partsEnded(err)
	}
	if !cc.json {
		a.out.Line("%s", cc.row(result))
	}
	return nil
}

// watchParts distributes the events by file. Events of the final upload have no
// file.
func (a *app) watchParts(s *sending, files []string, display *progress.Display) func(client.Event) {
	watch := a.watch(s, display)
	watches := make([]func(client.Event), len(files))
	for i, file := range files {
		watches[i] = watch(i, file)
	}
	return func(e client.Event) {
		if e.Part == 0 {
			a.seen("", e)
			if s.json && e.Kind != client.EventDone && e.Kind != client.EventFailed {
				a.out.JSON(output.NewEvent("", e))
			}
			return
		}
		file := e.Part - 1
		watches[file](e)
		if e.Kind != client.EventDone && e.Kind != client.EventFailed {
			return
		}
		display.Ended(file, e.Kind == client.EventFailed)
		if s.json {
			a.out.JSON(output.NewEvent(files[file], e))
		}
	}
}

func partsEnded(err error) error {
	out := &failure{err: err}
	for _, cause := range []error{exit.ErrInterrupted, exit.ErrTimeout} {
		if errors.Is(err, cause) {
			out.err = exit.With(exit.Code(err), cause)
		}
	}
	switch exit.Code(err) {
	case exit.Interrupted, exit.GaveUp:
		out.hint = newUploadHint
	}
	return out
}
