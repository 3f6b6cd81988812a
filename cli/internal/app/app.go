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
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/config"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/logs"
	"github.com/tusker-go/tusker/cli/internal/output"
)

// Streams are the inputs and outputs of a run of the program besides files.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// Log is the logger of other packages, such as net/http. After the command line
	// is parsed, its lines go to the log of the run, for -v. Nil: no redirection.
	Log *log.Logger
	// LookupEnv returns the value of a variable, like os.LookupEnv.
	LookupEnv func(string) (string, bool)
}

// Main runs the program as the shell called it and returns its exit code.
func Main() int {
	collectLess()
	honorAllProxy()
	ctx, stop := untilSignal(context.Background())
	defer stop()
	return Run(ctx, os.Args[1:], Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Log: log.Default(), LookupEnv: os.LookupEnv})
}

// collectLess halves the frequency of garbage collections, unless the environment
// sets GOGC. With a heap of a few MiB, this costs a few MiB of memory, and saves a
// tenth of the time for many small files.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
}

// Run runs one command and returns its exit code. If the cause of ctx is
// exit.ErrInterrupted, the command prints how to resume.
func Run(ctx context.Context, args []string, std Streams) int {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	a := &app{
		in: std.In,
		// The reader of standard output is gone, so the command has no further use.
		out:       output.NewPrinter(std.Out, func(err error) { cancel(err) }),
		err:       output.NewScreen(std.Err),
		stdLog:    std.Log,
		lookupEnv: std.LookupEnv,
	}
	root := a.root() //nolint:contextcheck // Commands get the context from cobra.
	root.SetArgs(args)
	root.SetOut(a.out)
	root.SetErr(a.err)
	cmd, err := root.ExecuteContextC(ctx)
	if broken := a.out.Err(); broken != nil {
		return a.stdoutFailed(broken)
	}
	if err != nil && !a.begun {
		err = usage(err)
	}
	if err != nil {
		a.complain(cmd, err, suggestion(root, args))
	}
	return exit.Code(err)
}

// app is one run of the program.
type app struct {
	in        io.Reader
	out       *output.Printer
	err       io.Writer
	lookupEnv func(string) (string, bool)

	quiet, verbose bool
	logFormat      string
	configFlag     string

	log        *slog.Logger
	stdLog     *log.Logger
	begun      bool         // the command line was parsed
	again      again        // flags that a command in a hint needs, too
	configured *config.File // the config file; nil: not read
	settings   *settings
	isPiped    bool // the bytes of FILE - come from a command
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

With that, "tusker upload work: video.mp4" uploads to it.`

func (a *app) root() *cobra.Command {
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
	f.BoolVarP(&a.quiet, "quiet", "q", false, "say nothing but errors on standard error")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "log every exchange with the server")
	f.StringVar(&a.logFormat, "log-format", logs.Console, "`format` of logs: console or json")
	f.StringVar(&a.configFlag, "config", "", "config `file`, '' for none (default "+configText(runtime.GOOS)+")")
	root.SetHelpFunc(a.help)
	root.AddCommand(
		a.uploadCommand(), a.resumeCommand(), a.metadataCommand(), a.infoCommand(), a.optionsCommand(),
		a.concatCommand(), a.terminateCommand(), a.serveCommand(), a.demoCommand(), a.versionCommand(),
		a.uploadsCommand(), a.downloadCommand(), a.doctorCommand(), a.conformanceCommand(), a.profilesCommand(), a.completionCommand(), a.manCommand(),
	)
	// It has the flags of those before.
	settings := a.configCommand()
	settings.AddCommand(a.configShowCommand(root))
	root.AddCommand(settings)
	a.completes(root)
	return root
}

var errQuietAndVerbose = errors.New("--quiet and --verbose exclude each other")

// readsConfig reports whether cmd uses the config file.
func readsConfig(cmd *cobra.Command) bool {
	switch cmd.Name() {
	case "help", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd:
		return false
	}
	return cmd.Annotations[annotationNoConfig] == ""
}

// prepare completes the flags and the arguments, whose first one may be the name of
// an endpoint, and starts the log.
func (a *app) prepare(cmd *cobra.Command, args []string) error {
	a.again.flags = neededGiven(cmd)
	a.settings = newSettings(cmd.Flags())
	if err := a.settings.add(environment(a.lookupEnv)); err != nil {
		return err
	}
	trimURL(cmd, args)
	if readsConfig(cmd) {
		if err := a.configure(cmd, args, a.settings); err != nil {
			return err
		}
	}
	if err := checkOrder(cmd, args); err != nil {
		return err
	}
	if a.quiet && a.verbose {
		return errQuietAndVerbose
	}
	level := slog.LevelWarn
	if cmd.Annotations[annotationLogs] != "" {
		level = slog.LevelInfo
	}
	switch {
	case a.quiet:
		level = slog.LevelError
	case a.verbose:
		level = slog.LevelDebug
	}
	logger, err := logs.New(a.err, a.logFormat, level)
	if err != nil {
		return err
	}
	a.log, a.begun = logger, true
	if a.stdLog != nil {
		logs.Redirect(a.stdLog, logger)
	}
	if a.configured != nil {
		a.warnOfSecrets(a.configured)
	}
	return nil
}

// annotationLogs marks a command whose main output is its log.
const annotationLogs = "logs"

// arguments checks the number of arguments. Want describes them in words. A most of
// 0 means that there is no limit.
func arguments(least, most int, want string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < least || most > 0 && len(args) > most {
			return errors.New("want " + want)
		}
		return nil
	}
}

// noSuchCommand is the function of commands that only have subcommands.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
	}
	return nil
}

func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return errors.New("want no arguments")
	}
	return nil
}

// usage marks an error of the command line.
func usage(err error) error { return exit.With(exit.Usage, err) }
