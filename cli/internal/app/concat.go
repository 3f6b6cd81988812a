package app

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/batch"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/progress"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/source"
)

type concat struct {
	flags.Sending
	metadata    []string
	concurrency int
}

func concatCommand(a *app) *cobra.Command {
	c := &concat{}
	cmd := &cobra.Command{
		Use:   "concat [flags] ENDPOINT FILE...",
		Short: "Upload files as the parts of one upload",
		Long: `Uploads each file as a part, several at the same time, and lets the server join
the parts to one upload, in the order of the arguments. Prints the URL of that
upload. The upload gets the metadata; its parts have none.

ENDPOINT may also be the last argument, or come from TUSKER_ENDPOINT. If the
server does not announce concatenation, nothing is sent. If one part fails, the
others are stopped.`,
		Example: `  split -n 4 big.iso part. && tusker concat URL part.*
  tusker concat --metadata filename=all.log URL one.log two.log`,
		Args: usage.Arguments(2, 0, "ENDPOINT and one or more FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return runConcat(a, cmd, c, args[0], args[1:]) },
	}
	f := cmd.Flags()
	flags.List(f, &c.metadata, "metadata", "", "store `key[=value]` with the upload (repeat)")
	flags.RegisterNoInline(cmd, &c.NoInline)
	f.IntVar(&c.concurrency, "concurrency", client.DefaultConcurrency, "send this `number` of parts at the same time")
	c.Register(cmd)
	return cmd
}

func runConcat(a *app, cmd *cobra.Command, cc *concat, endpoint string, files []string) error {
	ctx, cancel := cc.Limit(cmd.Context())
	defer cancel()
	if err := cc.Check(cmd, files, a.console.In); err != nil {
		return usage.Error(err)
	}
	if cc.concurrency < 1 {
		return usage.Error(errors.New("--concurrency is not above 0"))
	}
	metadata, err := flags.ParseMetadata(cc.metadata)
	if err != nil {
		return usage.Error(err)
	}
	config, err := cc.Config(ctx, a.console)
	if err != nil {
		return err
	}
	cc.Tune(a.console, &config)
	if err := cc.CreationRules(&cc.Connection, endpoint, metadata, false, &config); err != nil {
		return err
	}
	c, err := flags.NewClient(config, endpoint)
	if err != nil {
		return err
	}
	sources := make([]client.Source, len(files))
	var paths source.Paths
	for i, file := range files {
		files[i] = batch.NameOnDisk(file)
		if sources[i], err = cc.Source(ctx, a.console, cmd, files[i], &paths); err != nil {
			return &advice.Failure{Subject: file, Err: err}
		}
	}
	display := cc.Display(a.console, cc.JSON, len(files))
	defer display.Close()
	result, err := c.UploadConcat(ctx, sources, &client.ConcatOptions{
		Metadata: metadata, ChunkSize: int64(cc.Chunk), Concurrency: cc.concurrency,
		OnEvent: watchParts(a, &cc.Sending, files, display),
	})
	display.Close()
	a.console.ReportResult(ctx, "", result)
	limit := &advice.BodyLimit{}
	limit.Add(result, err)
	a.console.ReportLimit(limit)
	if cc.JSON {
		a.console.Out.JSON(output.NewResult("", result, err))
	}
	if err != nil {
		return concatError(result, err)
	}
	if !cc.JSON {
		a.console.Out.Line("%s", cc.Row(result))
	}
	return nil
}

// watchParts distributes the events by file. Events of the final upload have no
// file.
func watchParts(a *app, s *flags.Sending, files []string, display *progress.Display) func(client.Event) {
	watch := s.Watch(a.console, display)
	watches := make([]func(client.Event), len(files))
	for i, file := range files {
		watches[i] = watch(i, file, file)
	}
	return func(e client.Event) {
		if e.Part == 0 {
			a.console.Observe("", e)
			if s.JSON && e.Kind != client.EventDone && e.Kind != client.EventFailed {
				a.console.Out.JSON(output.NewEvent("", e))
			}
			return
		}
		file := e.Part - 1
		watches[file](e)
		if e.Kind != client.EventDone && e.Kind != client.EventFailed {
			return
		}
		display.Ended(file, e.Kind == client.EventFailed)
		if s.JSON {
			a.console.Out.JSON(output.NewEvent(files[file], e))
		}
	}
}

func concatError(result *client.Result, err error) error {
	out := &advice.Failure{Err: advice.Stopped(result, err)}
	switch code := exit.Code(err); {
	case code == exit.Interrupted, code == exit.GaveUp:
		out.Hint = advice.NewUpload
	case errors.Is(err, client.ErrUnsupported) && errors.Is(err, client.ErrStalled):
		out.Hint = "a firewall may drop OPTIONS, whose answer says whether the server joins parts; " +
			"tusker upload works without it, and sends the files as separate uploads"
	}
	return out
}
