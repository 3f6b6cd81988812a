// Package app implements the command line: a thin layer of commands over package
// client.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/localengine"
	"github.com/tusker-go/tusker/cli/internal/logs"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/cli/internal/version"
)

// Streams are the inputs and outputs of a run of the program besides files.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// Log is the logger of other packages, such as net/http. After the command line
	// is parsed, its lines go to the log of the run, for -v. Nil: no redirection.
	Log *log.Logger
	// Hurry is closed at the second signal. nil: there are no signals.
	Hurry <-chan struct{}
	// LookupEnv returns the value of a variable, like os.LookupEnv.
	LookupEnv func(string) (string, bool)
	// Engine starts the engine of jobs on this machine. Nil: the commands about jobs need
	// --engine.
	Engine localengine.Start
	// Environ returns all variables, like os.Environ. Nil: misspelled variables are not
	// reported.
	Environ func() []string
}

// Main runs the program as the shell called it and returns its exit code. Engine starts the
// engine of jobs.
func Main(engine localengine.Start) int {
	// With a heap of a few MiB, this costs a few MiB of memory, and saves a tenth of the time for
	// many small files.
	setGarbage(mostGarbage)
	honorAllProxy()
	ctx, hurry, stop := untilSignal(context.Background())
	defer stop()
	return Run(ctx, os.Args[1:], Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Log: log.Default(), Hurry: hurry, LookupEnv: os.LookupEnv, Environ: os.Environ, Engine: engine,
	})
}

// endUnread ends a command whose results cannot be written, because it has no further use. If
// the reader of a pipe is gone, Ctrl-C may have ended it, and the signal reaches this program
// at about the same time. It is then the cause.
func endUnread(cancel context.CancelCauseFunc, err error) {
	end := func() { cancel(&exit.OutputError{Err: err}) }
	if exit.IsUnread(err) {
		time.AfterFunc(signalTime, end)
		return
	}
	end()
}

// signalTime is how long a signal may take that also ended the reader of the results.
const signalTime = 50 * time.Millisecond

// Run runs one command and returns its exit code. If the cause of ctx is
// exit.ErrInterrupted, the command prints how to resume.
func Run(ctx context.Context, args []string, std Streams) int {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	a := &app{args: args, stdLog: std.Log, environ: std.Environ, startEngine: std.Engine, console: &console.Console{
		In:        std.In,
		Out:       output.NewPrinter(std.Out, func(err error) { endUnread(cancel, err) }),
		Err:       output.NewScreen(std.Err),
		LookupEnv: std.LookupEnv,
		Hurry:     std.Hurry,
	}}
	root := a.root()
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		addCompletions(root, a.console.LookupEnv)
	}
	root.SetArgs(args)
	root.SetOut(a.console.Out)
	root.SetErr(a.console.Err)
	cmd, err := root.ExecuteContextC(ctx)
	// The message about uploads that ended early is of use although nothing reads the results. Ctrl-C
	// also ends the program that reads them.
	if broken := a.console.Out.Err(); broken != nil && exit.Code(err) != exit.Interrupted && !endedUploads(a.console, err) {
		return a.console.StdoutFailed(broken)
	}
	if err != nil && !a.begun {
		err = usage.Error(err)
		a.console.Preset(settings.LogFormat(a.allCommands(), args, a.console.LookupEnv))
		a.warnOfVariables(cmd)
	}
	if err != nil {
		hint := suggestion(root, args)
		if name := dashName(args); hint == "" && !a.begun && name != "" && takesFiles(cmd) {
			hint = dashNameHint(name)
		}
		a.console.Complain(cmd, err, hint)
	}
	return exit.Code(err)
}

// endedUploads reports whether a command that sends ended early because its results cannot be
// written.
func endedUploads(con *console.Console, err error) bool {
	_, unwritten := errors.AsType[*exit.OutputError](err)
	return unwritten && con.Out.ReportsLost()
}

// app is one run of the program: what all commands share.
type app struct {
	args       []string // of the program
	console    *console.Console
	settings   *settings.Settings // of the command; nil: its command line is not parsed yet
	configFlag string
	stdLog     *log.Logger
	environ    func() []string // nil: not known
	begun      bool            // the command line was parsed
	program    *cobra.Command  // with the commands that were made
	complete   bool            // the program has all commands

	startEngine localengine.Start // nil: there is no engine
}

const description = `Tusker uploads files to servers that speak the tus resumable upload protocol
(https://tus.io), and resumes an upload that was cut off.

Every flag can be set by the environment: --some-flag is TUSKER_SOME_FLAG, and
the command line wins. A flag that can be repeated takes one value a line.
Last comes the config file, which can also give names to endpoints:

  retries: 20
  endpoints:
    work:
      url: https://tus.example/files/
      token-file: ~/.tusker-token

With that, "tusker upload work: video.mp4" uploads to it. With the line
"default-endpoint: work", or TUSKER_ENDPOINT=work, ENDPOINT may be left out.`

// programCommand returns the command of the program without the commands below it.
func programCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "tusker",
		Short: "Resumable uploads over tus",
		Long:  description,
		Example: `  tusker demo
  tusker upload https://tus.example/files/ video.mp4
  tusker serve ./up`,
		SilenceErrors:      true,
		SilenceUsage:       true,
		DisableSuggestions: true,
		PersistentPreRunE:  a.prepare,
		CompletionOptions:  cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	f := root.PersistentFlags()
	a.console.Register(f)
	f.StringVar(&a.configFlag, "config", "", "config `file`, '' for none (default "+settings.DefaultPathText(runtime.GOOS)+")")
	root.Version = version.String()
	root.SetVersionTemplate("tusker {{.Version}}\n")
	root.Flags().Bool("version", false, "print the version")
	settings.OnlyFromCommandLine(root.Flags().Lookup("version"))
	root.SetHelpCommand(helpCommand())
	root.SetFlagErrorFunc(usage.FlagError)
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		_, _ = a.console.Out.Write([]byte(helpFor(cmd, args)))
		if name := dashName(a.args); takesFiles(cmd) && (name == "-h" || name == "--help") {
			_, _ = fmt.Fprintf(a.console.Err, "hint: %s\n", dashNameHint(name))
		}
	})
	addHelpFlags(root)
	return root
}

// readsConfig reports whether cmd uses the config file.
func readsConfig(cmd *cobra.Command) bool {
	switch cmd.Name() {
	case "help", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd:
		return false
	}
	return cmd.Annotations[settings.NoConfig] == ""
}

// prepare completes the flags and the arguments, whose first one may be the name of
// an endpoint, and starts the log.
func (a *app) prepare(cmd *cobra.Command, args []string) error {
	a.settings = settings.New(a.console, cmd.Flags())
	if err := a.settings.AddEnvironment(); err != nil {
		return err
	}
	if readsConfig(cmd) {
		if err := a.addConfig(cmd, args); err != nil {
			return err
		}
	}
	level := slog.LevelWarn
	if cmd.Annotations[annotationLogs] != "" {
		level = slog.LevelInfo
	}
	if err := a.console.Start(level); err != nil {
		return err
	}
	a.begun = true
	if a.stdLog != nil {
		logs.Redirect(a.stdLog, a.console.Log)
	}
	if err := checkDashNames(cmd, a.args); err != nil {
		return err
	}
	a.settings.WarnOfSecrets()
	a.warnOfVariables(cmd)
	return nil
}

// addConfig completes the arguments and the settings by the config file.
func (a *app) addConfig(cmd *cobra.Command, args []string) error {
	if err := a.settings.ReadConfig(cmd, a.allCommands); err != nil {
		return err
	}
	args, err := a.settings.Arguments(cmd, args)
	if err != nil {
		return err
	}
	if err := a.settings.AddConfig(cmd, args); err != nil {
		return err
	}
	return setArguments(cmd, args)
}

// annotationLogs marks a command whose main output is its log.
const annotationLogs = "logs"
