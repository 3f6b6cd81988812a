package console

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/logs"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/transport"
)

// Complain writes an error on one line, and a hint on a second one. With a log in JSON, both
// are one record, so that each line of standard error can be parsed.
func (c *Console) Complain(cmd *cobra.Command, err error, hint string) {
	name := strings.TrimPrefix(strings.TrimPrefix(cmd.CommandPath(), "tusker"), " ")
	text, separator := output.ErrorText(err), ": "
	if f, ok := errors.AsType[*advice.Failure](err); ok {
		if f.Hint != "" {
			hint = f.Hint
		}
		if f.Subject != "" {
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
		hint = advice.For(cmd, err)
	}
	if exchange, ok := errors.AsType[*client.Error](err); ok && hint != "" {
		hint = advice.WithTarget(cmd, exchange, hint)
	}
	attrs := []any{slog.String("command", cmd.CommandPath()), slog.String("err", output.OneLine(transport.RedactText(text)))}
	if hint != "" {
		attrs = append(attrs, slog.String("hint", output.OneLine(hint)))
	}
	if c.IsJSON() {
		c.Log.Error("failed", attrs...)
		return
	}
	if c.file != nil {
		c.file.Error("failed", attrs...)
	}
	message := name + separator + output.OneLine(transport.RedactText(text)) + "\n"
	if hint != "" {
		message += "hint: " + output.OneLine(hint) + "\n"
	}
	// There is nowhere left to complain to.
	_, _ = c.Err.Write([]byte(message))
}

// Say writes a line to those who want more than errors.
func (c *Console) Say(format string, args ...any) {
	if c.file != nil && (c.quiet || !c.IsJSON()) {
		c.file.Info(fmt.Sprintf(format, args...))
	}
	switch {
	case c.quiet:
	case c.IsJSON():
		c.Log.Warn(fmt.Sprintf(format, args...))
	default:
		_, _ = fmt.Fprintf(c.Err, "tusker: "+format+"\n", args...)
	}
}

// SayOnce is Say for a line that is written once in a run.
func (c *Console) SayOnce(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	c.mu.Lock()
	repeated := slices.Contains(c.said, line)
	if !repeated {
		c.said = append(c.said, line)
	}
	c.mu.Unlock()
	if !repeated {
		c.Say("%s", line)
	}
}

// warn writes a line even with --quiet.
func (c *Console) warn(text string) {
	if c.IsJSON() {
		c.Log.Error(text)
		return
	}
	if c.file != nil {
		c.file.Error(text)
	}
	_, _ = fmt.Fprintf(c.Err, "tusker: %s\n", text)
}

// IsJSON reports whether standard error has one JSON object on each line. Errors of the
// command line itself come before the format of the log is known.
func (c *Console) IsJSON() bool { return c.Log != nil && c.logFormat == logs.JSON }

// StdoutFailed ends the program when its results cannot be written: quietly if their reader has
// ended.
func (c *Console) StdoutFailed(err error) int {
	switch {
	case !exit.IsUnread(err):
		c.warn(output.OneLine(output.ErrorText(err)))
	case !c.Out.ReportsLost():
		return exit.Unread
	}
	return exit.Failed
}

// ReportUnwritten says a result that cannot be written. Without its URL nobody finds an upload;
// what may be a secret in it is left out.
func (c *Console) ReportUnwritten(line string) {
	c.warn("not written to standard output: " + output.OneLine(transport.RedactText(line)))
}
