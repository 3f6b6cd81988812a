package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/progress"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// sending holds the flags of the commands that send files.
type sending struct {
	connection
	profiled
	streams
	showing
	chunk        units.Size
	limitRate    units.Rate
	checksum     string
	refuseInUse  bool
	noInline     bool
	printHeaders []string
	json         bool
}

func (s *sending) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(&s.chunk, "chunk-size", "most bytes in one request (default: all that is left)")
	f.Var(&s.limitRate, "limit-rate", "most bytes in a second, over all connections, such as 10MiB/s (default: no limit)")
	f.StringVar(&s.checksum, "checksum", "", "have the server check each request by this `algorithm`: auto, "+strings.Join(client.ChecksumAlgorithms(), ", "))
	f.BoolVar(&s.refuseInUse, "refuse-in-use", false, "send no file that another program has open for writing, instead of a warning (Linux only)")
	f.StringArrayVar(&s.printHeaders, "print-header", nil, "print the response header `name` after the URL, separated by a tab (repeat)")
	f.BoolVar(&s.json, "json", false, "print an event a line, such as created, resumed, progress, retry, done and failed")
	s.showing.register(cmd)
	s.profiled.register(cmd)
	s.streams.register(cmd)
	s.connection.register(cmd)
}

// check finds what is wrong with the flags for these files.
func (s *sending) check(cmd *cobra.Command, files []string, in io.Reader) error {
	if err := s.showing.check(); err != nil {
		return err
	}
	return s.streams.check(cmd, files, in)
}

// registerVerify adds the flag of the commands that send a file as it is.
func registerVerify(cmd *cobra.Command, verify *bool) {
	cmd.Flags().BoolVar(verify, "verify", false, "compare afterwards what the server holds with the file, which is read once more")
}

// registerNoInline adds the flag of the commands that create uploads.
func registerNoInline(cmd *cobra.Command, noInline *bool) {
	cmd.Flags().BoolVar(noInline, "no-inline", false, "create each upload without bytes, which follow in a request of their own (default: small files go along with the creation)")
}

// tune puts what the flags say of how to send into config, and has the results
// of a run that sends kept from being lost.
func (a *app) tune(s *sending, config *client.Config) {
	a.out.OnLost(a.unwritten)
	config.Logger = a.tellsRetries()
	config.RateLimit, config.Checksum = int64(s.limitRate), s.checksum
	config.RefuseInUse = s.refuseInUse
	if s.noInline {
		config.InlineSize = -1
	}
}

// watch gives the observer of what happens to the upload of each file.
func (a *app) watch(s *sending, display *progress.Display) func(i int, file string) func(client.Event) {
	return func(i int, file string) func(client.Event) {
		begun := false
		return func(e client.Event) {
			display.Update(i, file, e)
			a.seen(file, e)
			n, known := e.Length.Int64()
			if e.Kind == client.EventResumed && !begun && e.Offset > 0 && (!known || e.Offset < n) {
				a.say("resuming %s at %s", output.Escape(file), amount(e.Offset, e.Length))
			}
			begun = begun || e.Kind == client.EventResumed || e.Kind == client.EventCreated
			// The end is told with the headers, which only the result has.
			if s.json && e.Kind != client.EventDone && e.Kind != client.EventFailed {
				a.out.JSON(output.NewEvent(file, e))
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
	if d := r.Denial; d.StatusCode != 0 && a.terse() {
		text := fmt.Sprintf("the server has all of it, but answered the last bytes with %d", d.StatusCode)
		if d.Words != "" {
			text += ": " + strconv.Quote(d.Words)
		}
		if file != "" {
			text = output.Escape(file) + ": " + text
		}
		a.say("%s", output.OneLine(text))
	}
}

// ended makes an error of an upload fit to be shown, with the way to go on.
func (a *app) ended(file string, r *client.Result, err error) *failure {
	out := &failure{subject: file, err: err}
	stopped := false
	if cause := whyStopped(err); cause != nil {
		// Which call was cut short is of no interest.
		out.err, stopped = exit.With(exit.Code(err), &endedEarly{cause, r}), true
	}
	switch {
	case !stopped && isMisplaced(err):
		out.hint = misplacedHint
	case stopped, exit.Code(err) == exit.GaveUp:
		out.resumable = !a.isLost(file)
		switch {
		case inParts(r):
			out.hint = anewHint
		case r.URL == "" && r.Orphans > 0 && (r.Sent > 0 || r.Length == protocol.Known(0)):
			out.hint = orphanHint
		case out.resumable:
			out.hint = resumeHint(r.URL, file, a.again)
		default:
			out.hint = lostStreamHint(r.URL, a.again)
		}
	case errors.Is(err, client.ErrUnverified):
		out.hint = completeHint(r.URL)
	case errors.Is(err, client.ErrUnsupported) && inParts(r):
		out.hint = noJoinHint
	case errors.Is(err, client.ErrUnsupported) && r.Length == (protocol.Length{}):
		out.hint = "say how long the stream is with --size, or have more of it kept in a temporary file with --spool"
	case errors.Is(err, client.ErrSourceChanged) && file == stdin && !a.stdinIsFile():
		out.hint = "--size has to be the number of bytes that come"
	case errors.Is(err, errOtherStream):
		out.hint = otherStreamHint
	case errors.Is(err, client.ErrRefused):
		out.hint = "tusker upload --recreate always sends the file again, as another upload"
	case errors.Is(err, client.ErrUncertain):
		out.hint = uncertainHint(r, "tusker upload sends the file again", a.again)
	}
	return out
}

// inParts tells whether all that there is of the upload are parts, which no command
// goes on with but the one that made them.
func inParts(r *client.Result) bool {
	return r.URL == "" && slices.ContainsFunc(r.Parts, func(part *client.Result) bool { return part.URL != "" })
}

// whyStopped is why the whole command ended before its time, nil where it did not.
func whyStopped(err error) error {
	for _, cause := range []error{exit.ErrInterrupted, exit.ErrTimeout} {
		if errors.Is(err, cause) {
			return cause
		}
	}
	if h, ok := errors.AsType[*hopeless](err); ok {
		return h
	}
	return nil
}

// endedEarly says how far an upload was when the command ended.
type endedEarly struct {
	cause  error
	result *client.Result
}

func (e *endedEarly) Error() string {
	if e.result.URL == "" || e.result.Header == nil {
		return e.cause.Error() // the server has said nothing
	}
	// It may have more by now: the answer to the last bytes was not waited for.
	return fmt.Sprintf("%v, %s acknowledged by the server", e.cause, amount(e.result.Offset, e.result.Length))
}

func (e *endedEarly) Unwrap() error { return e.cause }

// amount is how much of something there is.
func amount(offset int64, length protocol.Length) string {
	text := units.FormatSize(offset)
	if n, ok := length.Int64(); ok {
		text += " of " + units.FormatSize(n)
	}
	return text
}
