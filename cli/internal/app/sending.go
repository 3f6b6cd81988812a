package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// The values of --progress.
const (
	progressAuto  = "auto"
	progressPlain = "plain"
	progressNone  = "none"
)

// sending holds the flags of the commands that send files.
type sending struct {
	connection
	streams
	chunk        units.Size
	progress     string
	printHeaders []string
	json         bool
}

func (s *sending) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(&s.chunk, "chunk-size", "most bytes in one request (default: all that is left)")
	f.StringArrayVar(&s.printHeaders, "print-header", nil, "print the response header `name` after the URL, separated by a tab (repeat)")
	f.StringVar(&s.progress, "progress", progressAuto, "lines on standard error: auto, plain (also with --json) or none")
	f.BoolVar(&s.json, "json", false, "print an event a line: created, resumed, progress, retry, rewound, done, failed")
	s.streams.register(cmd)
	s.connection.register(cmd)
}

// check finds what is wrong with the flags for these files.
func (s *sending) check(cmd *cobra.Command, files []string) error {
	switch s.progress {
	case progressAuto, progressPlain, progressNone:
	default:
		return fmt.Errorf("--progress %q is none of auto, plain and none", s.progress)
	}
	return s.streams.check(cmd, files)
}

// watch gives the observer of what happens to the upload of each file.
func (a *app) watch(s *sending, files []string) func(i int) func(client.Event) {
	var progress *output.Progress
	if !a.quiet && (s.progress == progressPlain || s.progress == progressAuto && !s.json) {
		progress = output.NewProgress(a.err, files)
	}
	return func(i int) func(client.Event) {
		begun := false
		return func(e client.Event) {
			progress.Update(i, e)
			if e.Kind == client.EventResumed && !begun && e.Offset > 0 {
				a.say("resuming %s at %s", output.Escape(files[i]), amount(e.Offset, e.Length))
			}
			begun = begun || e.Kind == client.EventResumed || e.Kind == client.EventCreated
			// The end is told with the headers, which only the result has.
			if s.json && e.Kind != client.EventDone && e.Kind != client.EventFailed {
				a.out.JSON(output.NewEvent(files[i], e))
			}
		}
	}
}

// row is a line of results.
func (s *sending) row(r *client.Result) string {
	fields := []string{r.URL}
	for _, name := range s.printHeaders {
		fields = append(fields, output.Escape(output.HeaderValue(r, name)))
	}
	return strings.Join(fields, "\t")
}

// sent says in the log what is of interest after an upload.
func (a *app) sent(ctx context.Context, file string, r *client.Result) {
	if r.Orphans > 0 {
		a.log.WarnContext(ctx, "the server may hold uploads that nobody knows of", "file", output.Escape(file), "count", r.Orphans)
	}
}

// ended makes an error of an upload fit to be shown, with the way to go on.
func (a *app) ended(file string, r *client.Result, err error) *failure {
	out := &failure{subject: file, err: err}
	stopped := false
	for _, cause := range []error{exit.ErrInterrupted, exit.ErrTimeout} {
		if errors.Is(err, cause) {
			// Which call was cut short is of no interest.
			out.err, stopped = exit.With(exit.Code(err), errors.New(whereStopped(cause, r))), true
		}
	}
	switch {
	case stopped, exit.Code(err) == exit.GaveUp:
		out.resumable = true
		out.hint = resumeHint(r.URL, file, a.sameFlags)
	case errors.Is(err, client.ErrUncertain):
		out.hint = uncertainHint(r.URL, a.sameFlags)
	}
	return out
}

func whereStopped(cause error, r *client.Result) string {
	if r.URL == "" || r.Header == nil {
		return cause.Error() // the server has said nothing
	}
	return fmt.Sprintf("%v, the server has %s", cause, amount(r.Offset, r.Length))
}

// amount is how much of something there is.
func amount(offset int64, length protocol.Length) string {
	text := units.FormatSize(offset)
	if n, ok := length.Int64(); ok {
		text += " of " + units.FormatSize(n)
	}
	return text
}
