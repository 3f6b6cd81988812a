package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/doctor"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/usage"
)

func doctorCommand(a *app) *cobra.Command {
	q := &flags.Doctor{}
	cmd := &cobra.Command{
		Use:   "doctor [flags] ENDPOINT",
		Short: "Find problems between this machine and a server",
		Long: fmt.Sprintf(`Talks to the server at ENDPOINT and reports what it finds, with the flag that
helps: addresses, TLS, redirects, clocks, the extensions of the server, the
Location of uploads, limits for bodies and headers, blocked methods, proxies
that keep bodies back, caches, cookies of load balancers, connections that are
closed early, and what remains of an upload whose connection is cut.

The output ends with a verdict, the command that uploads a file with these
flags, and the lines for the config file.

It creates one upload with the file name tusker-doctor, never completes it, and
deletes it at the end. It sends at most %d requests and %d MiB.`, doctor.MaxRequests, doctor.MaxBytes>>20),
		Example: `  tusker doctor https://tus.example/files/
  tusker doctor --json https://tus.example/files/ | jq -r '.findings[].advice'`,
		Args: usage.Arguments(1, 1, "one ENDPOINT"),
		RunE: func(cmd *cobra.Command, args []string) error { return runDoctor(a, cmd, q, args[0]) },
	}
	q.Register(cmd)
	return cmd
}

func runDoctor(a *app, cmd *cobra.Command, q *flags.Doctor, endpoint string) error {
	ctx, cancel := q.Limit(cmd.Context())
	defer cancel()
	config, err := q.Config(ctx, a.console)
	if err != nil {
		return err
	}
	metadata, err := q.Creation(endpoint, doctor.FileName, &config)
	if err != nil {
		return err
	}
	// An invalid URL is a usage error.
	if _, err := flags.NewClient(config, endpoint); err != nil {
		return err
	}
	config.Endpoint = endpoint
	examine := doctor.Config{Client: config, Metadata: metadata}
	if !q.JSON {
		examine.OnFinding = func(f doctor.Finding) { showFinding(a.console, f) }
	}
	report, err := doctor.Run(ctx, examine)
	if err != nil {
		return err
	}
	copied := doctorAdviceOf(a.settings, report, endpoint)
	if q.JSON {
		a.console.Out.JSON(struct {
			*doctor.Report
			doctorAdvice
		}{report, copied})
	} else {
		showAdvice(a.console.Out, report, copied)
	}
	return diagnosis(ctx, report)
}

// findingColumn is the column at which the text of a finding begins.
const findingColumn = 19

func showFinding(con *console.Console, f doctor.Finding) {
	con.Out.Verdict(fmt.Sprintf("%-4s  %-*s%s", f.Status, findingColumn-6, f.Check, output.OneLine(f.Detail)), con.IsPlain())
	if f.Advice != "" {
		con.Out.Line("%*s-> %s", findingColumn, "", output.OneLine(f.Advice))
	}
}

// diagnosis returns the error for failed checks, with the code of the first one. The output has the
// advice of each finding.
func diagnosis(ctx context.Context, r *doctor.Report) error {
	var failed []string
	code := exit.OK
	for _, f := range r.Findings {
		if f.Status != doctor.Fail {
			continue
		}
		failed = append(failed, f.Check)
		if code == exit.OK {
			code = exit.Code(f.Err)
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if len(failed) == 0 {
		return nil
	}
	err := exit.With(code, fmt.Errorf("%d of %d checks failed: %s", len(failed), len(r.Findings), strings.Join(failed, ", ")))
	return &advice.Failure{Err: err, Advised: true}
}
