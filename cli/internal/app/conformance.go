package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver/conformance"
)

// conforming holds the flags of conformance.
type conforming struct {
	flags.Query
	protocol        string
	rules, metadata []string
	junit           string
}

func conformanceCommand(a *app) *cobra.Command {
	c := &conforming{}
	cmd := &cobra.Command{
		Use:   "conformance [flags] ENDPOINT",
		Short: "Check a server against the specification",
		Long: fmt.Sprintf(`Checks the server at ENDPOINT against tus 1.0.0: %d rules, with a row for each
and a total for each extension. A rule passes, fails (the server breaks a MUST),
warns (it breaks a SHOULD), is skipped (the server does not announce the
extension), or is unable (it could not be checked).

With --protocol rufh/%d, the server is checked against the IETF's Resumable
Uploads for HTTP instead: %d rules. The number is the interop version of its
drafts, from %d to %d, and rufh stands for the newest one.

The rules create small uploads, one after the other, and delete them, in tus if
the server announces termination. Each request is sent once; one without an
answer ends after --stall-timeout (here 10s), and no wait is longer than
--retry-max-wait (here 10s).

The exit code is 0 without a failure. It is 1 if a rule failed, or if a MUST of
the core protocol got no answer. It is 3 if the server wants other credentials,
and 6 if it creates no upload, if nothing is found at the Location of uploads,
if the server does not speak the protocol, or if more rules are unable than were
checked. It is 7 if the server, or the Location, does not answer.`,
			len(conformance.Tus.Rules()), rufh.Newest, len(conformance.RUFH(rufh.Newest).Rules()), rufh.Oldest, rufh.Newest),
		Example: `  tusker conformance https://tus.example/files/
  tusker conformance --rules 'head-*,patch-status' https://tus.example/files/
  tusker conformance --protocol rufh/8 https://uploads.example/files
  tusker conformance --json https://tus.example/files/ | jq .totals`,
		Args: usage.Arguments(1, 1, "one ENDPOINT"),
		RunE: func(cmd *cobra.Command, args []string) error { return runConformance(a, cmd, c, args[0]) },
	}
	f := cmd.Flags()
	f.StringVar(&c.protocol, "protocol", "tus", "check this `protocol`: tus, rufh, or rufh/3 to rufh/10")
	settings.Own(f.Lookup("protocol"), "conformance-protocol")
	flags.List(f, &c.rules, "rules", "", "check only the rules with these `IDs`, separated by commas, * for any characters (repeat)")
	f.StringVar(&c.junit, "junit", "", "also write JUnit XML to this `file`")
	flags.List(f, &c.metadata, "metadata", "", "store `key[=value]` with each upload (repeat)")
	c.Register(cmd)
	return cmd
}

func runConformance(a *app, cmd *cobra.Command, c *conforming, endpoint string) error {
	ctx, cancel := c.Limit(cmd.Context())
	defer cancel()
	config, err := c.Config(ctx, a.console)
	if err != nil {
		return err
	}
	// An invalid URL is a usage error.
	asked, err := flags.NewClient(config, endpoint)
	if err != nil {
		return err
	}
	opts, err := c.options(cmd, config)
	if err != nil {
		return err
	}
	junit, err := createJUnit(c.junit)
	if err != nil {
		return err
	}
	if !c.JSON {
		opts.OnResult = func(r conformance.Result) { a.console.Out.Verdict(output.OneLine(r.String()), a.console.IsPlain()) }
	}
	report := conformance.Run(ctx, config.Doer, endpoint, opts)
	if c.JSON {
		a.console.Out.JSON(report)
	} else if err := report.WriteSummary(a.console.Out); err != nil {
		return err
	}
	if err := writeJUnit(junit, report); err != nil {
		return err
	}
	return judgement(ctx, report, asked)
}

func (c *conforming) options(cmd *cobra.Command, config client.Config) (*conformance.Options, error) {
	opts := &conformance.Options{Header: config.Header, TrustedOrigins: config.TrustedOrigins, Timeout: c.Timeout}
	var err error
	if opts.Protocol, err = parseProtocol(c.protocol); err != nil {
		return opts, usage.Error(fmt.Errorf("--protocol: %w", err))
	}
	if opts.Protocol != conformance.Tus && len(c.metadata) > 0 {
		return opts, usage.Error(errors.New("--metadata is for tus, and --protocol says " + c.protocol))
	}
	for _, list := range c.rules {
		for pattern := range strings.SplitSeq(list, ",") {
			opts.Rules = append(opts.Rules, strings.TrimSpace(pattern))
		}
	}
	if _, err := opts.Protocol.Select(opts.Rules...); err != nil {
		return opts, usage.Error(fmt.Errorf("--rules: %w", err))
	}
	if opts.Metadata, err = flags.ParseMetadata(c.metadata); err != nil {
		return opts, usage.Error(err)
	}
	// The default values of these flags are for uploads, which take longer.
	if cmd.Flags().Changed("stall-timeout") {
		opts.RequestTimeout = c.Stall
	}
	if cmd.Flags().Changed("retry-max-wait") {
		opts.MaxWait = c.RetryMaxWait
	}
	return opts, nil
}

// parseProtocol returns the protocol with this name.
func parseProtocol(name string) (conformance.Protocol, error) {
	switch name {
	case "tus":
		return conformance.Tus, nil
	case "rufh":
		return conformance.RUFH(rufh.Newest), nil
	}
	for v := rufh.Oldest; v <= rufh.Newest; v++ {
		if name == v.String() {
			return conformance.RUFH(v), nil
		}
	}
	return conformance.Tus, fmt.Errorf("%q is not a protocol: want tus, rufh, or %v to %v", name, rufh.Oldest, rufh.Newest)
}

// createJUnit creates the file before a request is sent, so that a wrong name
// wastes no run. It returns nil without a name.
func createJUnit(name string) (io.WriteCloser, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // No file is no error.
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, usage.Error(fmt.Errorf("--junit: %w", err))
	}
	return f, nil
}

func writeJUnit(w io.WriteCloser, report conformance.Report) error {
	if w == nil {
		return nil
	}
	err := report.WriteJUnit(w)
	if err = errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("--junit: %w", err)
	}
	return nil
}

// rulesError returns the error for a report that failed.
func rulesError(report conformance.Report) error {
	if n := report.Total().Fail; n > 0 {
		return fmt.Errorf("%d of %d rules failed", n, len(report.Results))
	}
	return errors.New("the server did not answer a request that every server has to answer")
}

// judgement returns the error for a report. An error that prevented the rules from
// running comes first, unless it shows a broken rule of the server.
func judgement(ctx context.Context, report conformance.Report, asked *client.Client) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	obstacle := report.Obstacle
	switch {
	case errors.Is(obstacle, conformance.ErrDenied):
		return &advice.Failure{Err: exit.With(exit.NotAllowed, obstacle), Hint: "give credentials with --token-file, --token-command or --user"}
	case errors.Is(obstacle, conformance.ErrMisplaced):
		code := exit.Refused
		if errors.Is(obstacle, conformance.ErrNoAnswer) {
			code = exit.GaveUp
		}
		return &advice.Failure{Err: exit.With(code, obstacle), Hint: "tell the server the address of its proxy (X-Forwarded-Host), and look for a proxy that strips a prefix of the path"}
	case errors.Is(obstacle, conformance.ErrNoAnswer):
		// The client describes such an error best, and knows the advice.
		if _, err := asked.Options(ctx, nil); err != nil {
			return err
		}
		return exit.With(exit.GaveUp, obstacle)
	case errors.Is(obstacle, conformance.ErrRateLimited), errors.Is(obstacle, conformance.ErrOutOfTime):
		return exit.With(exit.GaveUp, obstacle)
	case report.Failed():
		return exit.With(exit.Failed, rulesError(report))
	case errors.Is(obstacle, conformance.ErrRefused):
		return &advice.Failure{Err: exit.With(exit.Refused, obstacle), Hint: "--metadata and --header give what a server wants of an upload"}
	case errors.Is(obstacle, conformance.ErrInconclusive):
		return &advice.Failure{Err: exit.With(exit.Refused, obstacle), Hint: "the rows with \"unable\" have the reasons"}
	case errors.Is(obstacle, conformance.ErrNotRUFH):
		return &advice.Failure{Err: exit.With(exit.Refused, obstacle), Hint: "is this the URL that uploads are created at? --protocol chooses another version, or tus"}
	case errors.Is(obstacle, conformance.ErrOutOfBudget):
		return exit.With(exit.Failed, obstacle)
	case obstacle != nil:
		return &advice.Failure{Err: exit.With(exit.Refused, obstacle), Hint: "is this the URL that uploads are created at?"}
	}
	return nil
}
