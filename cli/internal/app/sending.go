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

// check finds errors of the flags for these files.
func (s *sending) check(cmd *cobra.Command, files []string, in io.Reader) error {
	if err := s.showing.check(); err != nil {
		return err
	}
	return s.streams.check(cmd, files, in)
}

// registerVerify adds the flag of the commands that send a file unchanged.
func registerVerify(cmd *cobra.Command, verify *bool) {
	cmd.Flags().BoolVar(verify, "verify", false, "compare afterwards what the server holds with the file, which is read once more")
}

// registerNoInline adds the flag of the commands that create uploads.
func registerNoInline(cmd *cobra.Command, noInline *bool) {
	cmd.Flags().BoolVar(noInline, "no-inline", false, "create each upload without bytes, which follow in a request of their own (default: small files go along with the creation)")
}

// tune adds the flags about requests to config, and reports results of uploads that
// cannot be written.
func (a *app) tune(s *sending, config *client.Config) {
	a.out.OnLost(a.unwritten)
	config.Logger = a.tellsRetries()
	config.RateLimit, config.Checksum = int64(s.limitRate), s.checksum
	config.RefuseInUse = s.refuseInUse
	if s.noInline {
		config.InlineSize = -1
	}
}

// watch returns the observer of the events of each file.
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
			// The end is reported with the headers, which only the result has.
			if s.json && e.Kind != client.EventDone && e.Kind != client.EventFailed {
				a.out.JSON(output.NewEvent(file, e))
			}
		}
	}
}

// row returns the line of a result.
func (s *sending) row(r *client.Result) string {
	fields := []string{r.URL}
	for _, name := range s.printHeaders {
		fields = append(fields, output.Escape(output.HeaderValue(r, name)))
	}
	return strings.Join(fields, "\t")
}

// sent logs the facts about a finished upload.
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

// ended prepares an error of an upload for its message, with a hint how to resume.
func (a *app) ended(file string, r *client.Result, err error) *failure {
	out := &failure{subject: file, err: err}
	stopped := false
	if cause := whyStopped(err); cause != nil {
		// The name of the interrupted call is not useful.
		out.err, stopped = exit.With(exit.Code(err), &endedEarly{cause, r}), true
	}
	switch {
	case !stopped && isMisplaced(err):
		out.hint = misplacedHint
	case stopped, exit.Code(err) == exit.GaveUp:
		out.resumable = !a.isLost(file)
		switch {
		case inParts(r):
			out.hint = newUploadHint
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

// inParts reports whether only parts of the upload exist. Only the command that
// created the parts can resume them.
func inParts(r *client.Result) bool {
	return r.URL == "" && slices.ContainsFunc(r.Parts, func(part *client.Result) bool { return part.URL != "" })
}

// whyStopped returns the reason for the early end of the whole command, or nil.
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

// endedEarly tells how many bytes an upload had when the command ended.
type endedEarly struct {
	cause  error
	result *client.Result
}

func (e *endedEarly) Error() string {
	if e.result.URL == "" || e.result.Header == nil {
		return e.cause.Error() // the server was not asked
	}
	// The server may have more bytes by now, because the command did not wait for
	// the answer to the last bytes.
	return fmt.Sprintf("%v, %s acknowledged by the server", e.cause, amount(e.result.Offset, e.result.Length))
}

func (e *endedEarly) Unwrap() error { return e.cause }

// amount formats a number of bytes of a length.
func amount(offset int64, length protocol.Length) string {
	text := units.FormatSize(offset)
	if n, ok := length.Int64(); ok {
		text += " of " + units.FormatSize(n)
	}
	return text
}
