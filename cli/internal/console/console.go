// Package console is what a run of the program reads and writes besides files: standard
// input, results on standard output, and messages and logs on standard error.
package console

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"

	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/logs"
	"github.com/tusker-go/tusker/cli/internal/output"
)

// Console has the streams of one run of the program, and says what it has to tell the
// user. It is safe for concurrent use after Start.
type Console struct {
	// In is standard input.
	In io.Reader
	// Out prints results on standard output.
	Out *output.Printer
	// Err is standard error. Bars can be drawn on it if it is an *output.Screen.
	Err io.Writer
	// LookupEnv returns the value of a variable, like os.LookupEnv.
	LookupEnv func(string) (string, bool)
	// Hurry is closed at the second signal: the command ends without further requests. nil: there
	// are no signals.
	Hurry <-chan struct{}
	// Log is the log of the run. It is nil until Start.
	Log *slog.Logger

	quiet     bool
	verbose   verbosity
	logFormat string
	logFile   string
	file      *slog.Logger // log of --log-file; nil: there is none

	mu   sync.Mutex
	said []string // lines of SayOnce
}

// Register adds the flags for messages and logs.
func (c *Console) Register(f *pflag.FlagSet) {
	f.BoolVarP(&c.quiet, "quiet", "q", false, "print only errors on standard error")
	f.VarPF(&c.verbose, "verbose", "v", "log every exchange with the server; -vv also its headers, without values that may be secrets").NoOptDefVal = once
	f.StringVar(&c.logFormat, "log-format", logs.Console, "`format` of logs: console or json")
	f.StringVar(&c.logFile, "log-file", "", "also append the log and all messages to `file`, which only its owner can read if it is new")
}

// Preset sets the format of logs for the messages about a command line that could not be
// parsed. Other values than those of the flag are ignored.
func (c *Console) Preset(format string) {
	if format == logs.Console || format == logs.JSON {
		c.logFormat = format
	}
	if c.Log == nil && c.logFormat == logs.JSON {
		c.Log, _ = logs.New(c.Err, c.logFormat, slog.LevelWarn)
	}
}

// Start opens the log, after the flags were parsed. Level is the lowest level that the log
// has without --quiet and --verbose.
func (c *Console) Start(level slog.Level) error {
	if c.quiet && c.verbose > 0 {
		return errQuietAndVerbose
	}
	switch {
	case c.quiet:
		level = slog.LevelError
	case c.verbose > 0:
		level = slog.LevelDebug
	}
	logger, err := logs.New(c.Err, c.logFormat, level)
	if err != nil {
		return err
	}
	c.Log = logger
	return c.openFile()
}

// openFile opens the file of --log-file. It stays open until the program ends.
func (c *Console) openFile() error {
	if c.logFile == "" {
		return nil
	}
	f, err := os.OpenFile(c.logFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("--log-file: %w", err)
	}
	level := slog.LevelInfo
	if c.verbose > 0 {
		level = slog.LevelDebug
	}
	if c.file, err = logs.NewFile(f, c.logFormat, level); err != nil {
		return errors.Join(err, f.Close())
	}
	c.Log = slog.New(slog.NewMultiHandler(c.Log.Handler(), c.file.Handler()))
	return nil
}

var errQuietAndVerbose = errors.New("--quiet and --verbose exclude each other")

// IsQuiet reports whether the user wants nothing but errors.
func (c *Console) IsQuiet() bool { return c.quiet }

// IsVerbose reports whether the user wants the log of every exchange.
func (c *Console) IsVerbose() bool { return c.verbose > 0 }

// LogsHeaders reports whether the user wants the log of the headers of every exchange.
func (c *Console) LogsHeaders() bool { return c.verbose > 1 }

// Terminal returns standard error if bars can be drawn on it.
func (c *Console) Terminal() (*output.Screen, bool) {
	screen, ok := c.Err.(*output.Screen)
	if !ok || !screen.CanDraw() {
		return nil, false
	}
	kind, _ := c.LookupEnv("TERM")
	return screen, kind != "dumb"
}

// IsTerminal reports whether people see standard error at once.
func (c *Console) IsTerminal() bool {
	screen, ok := c.Err.(*output.Screen)
	return ok && screen.CanDraw()
}

// IsPlain reports whether the environment asks for output without colors.
func (c *Console) IsPlain() bool {
	plain, _ := c.LookupEnv("NO_COLOR")
	return plain != ""
}
