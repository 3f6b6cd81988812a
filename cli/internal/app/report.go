package app

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/logs"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/transport"
)

// failure is an error about one of the things that a command was given.
type failure struct {
	subject string // a file, say; "": the error speaks for itself
	err     error
	hint    string // what to do; "": see hintFor

	resumable bool // the upload can be resumed
}

func (f *failure) Error() string {
	if f.subject == "" {
		return f.err.Error()
	}
	return f.subject + ": " + f.err.Error()
}

func (f *failure) Unwrap() error { return f.err }

// complain writes an error on one line, and a hint on a second one. With a log in JSON, both
// are one record, so that each line of standard error can be parsed.
func (a *app) complain(cmd *cobra.Command, err error, hint string) {
	name := strings.TrimPrefix(strings.TrimPrefix(cmd.CommandPath(), "tusker"), " ")
	text, separator := output.ErrorText(err), ": "
	if f, ok := errors.AsType[*failure](err); ok {
		if f.hint != "" {
			hint = f.hint
		}
		if f.subject != "" {
			separator = " "
		}
	}
	switch {
	case name == "":
		name = "tusker"
	case strings.HasPrefix(text, name+" "):
		// The exchange has the name of the command.
		name = "tusker"
		separator = ": "
	default:
		name = "tusker: " + name
	}
	if hint == "" {
		hint = hintFor(cmd, err)
	}
	if exchange, ok := errors.AsType[*client.Error](err); ok && hint != "" {
		hint = withTarget(cmd, exchange, hint)
	}
	if a.log == nil && a.logFormat == logs.JSON {
		// The command line has the format and was wrong otherwise.
		a.log, _ = logs.New(a.err, a.logFormat, slog.LevelError)
	}
	if a.jsonLog() {
		attrs := []any{slog.String("command", cmd.CommandPath()), slog.String("err", output.OneLine(transport.RedactText(text)))}
		if hint != "" {
			attrs = append(attrs, slog.String("hint", output.OneLine(hint)))
		}
		a.log.Error("failed", attrs...)
		return
	}
	message := name + separator + output.OneLine(transport.RedactText(text)) + "\n"
	if hint != "" {
		message += "hint: " + output.OneLine(hint) + "\n"
	}
	// There is nowhere left to complain to.
	_, _ = a.err.Write([]byte(message))
}

// say writes a line to those who want more than errors.
func (a *app) say(format string, args ...any) {
	switch {
	case a.quiet:
	case a.jsonLog():
		a.log.Warn(fmt.Sprintf(format, args...))
	default:
		_, _ = fmt.Fprintf(a.err, "tusker: "+format+"\n", args...)
	}
}

// warn writes a line even with --quiet.
func (a *app) warn(text string) {
	if a.jsonLog() {
		a.log.Error(text)
		return
	}
	_, _ = fmt.Fprintf(a.err, "tusker: %s\n", text)
}

// jsonLog reports whether standard error has one JSON object on each line. Errors of the
// command line itself come before the format of the log is known.
func (a *app) jsonLog() bool { return a.log != nil && a.logFormat == logs.JSON }

// stdoutFailed ends the program when its results cannot be written: quietly
// where the reader has gone.
func (a *app) stdoutFailed(err error) int {
	if !readerGone(err) {
		a.warn(output.OneLine(output.ErrorText(err)))
	}
	return exit.Failed
}

// unwritten says a result that cannot be written, unless its reader has gone.
// Without its URL nobody finds an upload; what may be a secret in it is left out.
func (a *app) unwritten(line string, err error) {
	if !readerGone(err) {
		a.warn("not written to standard output: " + output.OneLine(transport.RedactText(line)))
	}
}

func readerGone(err error) bool { return errors.Is(err, syscall.EPIPE) || errors.Is(err, fs.ErrClosed) }

// verdict is the error for several things of which some failed, each of which
// was complained of before, or were not begun. Kind is what they are called.
func verdict(kind string, names []string, errs []error) error {
	var failed []string
	codes := make(map[int]bool)
	untouched, wrong := 0, 0
	for i, err := range errs {
		switch {
		case err == nil:
			continue
		case isNotBegun(err):
			untouched++
		default:
			wrong++
			if wrong <= mostInShort {
				failed = append(failed, output.Escape(names[i]))
			}
		}
		codes[exit.Code(err)] = true
	}
	if wrong+untouched == 0 {
		return nil
	}
	code := exit.Some
	switch {
	case codes[exit.Interrupted]:
		code = exit.Interrupted
	case wrong+untouched < len(errs):
	case len(codes) == 1:
		code = slices.Collect(maps.Keys(codes))[0]
	default:
		code = exit.Failed
	}
	text := fmt.Sprintf("%d of %d %s failed", wrong, len(errs), kind)
	if len(failed) > 0 {
		text += ": " + strings.Join(failed, ", ")
	}
	if more := wrong - len(failed); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	if untouched > 0 {
		text += fmt.Sprintf("; %d not begun", untouched)
	}
	return exit.With(code, errors.New(text))
}
