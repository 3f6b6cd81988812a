package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/doctor"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/output"
)

func (a *app) doctorCommand() *cobra.Command {
	q := &asking{}
	cmd := &cobra.Command{
		Use:   "doctor [flags] ENDPOINT",
		Short: "Find out what stands between here and a server",
		Long: fmt.Sprintf(`Talks to the server at ENDPOINT and tells what it finds, with the flag that
answers it: addresses, TLS, redirects, clocks, what the server can do, where it
says that uploads are, limits for bodies, proxies that hold them back, and what
is left of an upload whose connection is cut.

It makes one upload with the file name tusker-doctor, never completes it, and
deletes it in the end. It sends at most %d requests and %d MiB.`, doctor.MaxRequests, doctor.MaxBytes>>20),
		Example: `  tusker doctor https://tus.example/files/
  tusker doctor --json https://tus.example/files/ | jq -r '.findings[].advice'`,
		Args: arguments(1, 1, "one ENDPOINT"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.doctor(cmd, q, args[0]) },
	}
	q.register(cmd)
	return cmd
}

func (a *app) doctor(cmd *cobra.Command, q *asking, endpoint string) error {
	ctx, cancel := q.limit(cmd.Context())
	defer cancel()
	config, err := a.config(ctx, &q.connection)
	if err != nil {
		return err
	}
	// An invalid URL is a usage error.
	if _, err := open(config, endpoint); err != nil {
		return err
	}
	config.Endpoint = endpoint
	examine := doctor.Config{Client: config}
	if !q.json {
		examine.OnFinding = a.showFinding
	}
	report, err := doctor.Run(ctx, examine)
	if err != nil {
		return err
	}
	if q.json {
		a.out.JSON(report)
	}
	if !q.json {
		for _, url := range report.Left {
			a.out.Line("left  %s", output.Escape(url))
		}
	}
	return diagnosis(ctx, report)
}

// findingColumn is the column at which the text of a finding begins.
const findingColumn = 19

func (a *app) showFinding(f doctor.Finding) {
	a.out.Verdict(fmt.Sprintf("%-4s  %-*s%s", f.Status, findingColumn-6, f.Check, output.OneLine(f.Detail)), a.isPlain())
	if f.Advice != "" {
		a.out.Line("%*s-> %s", findingColumn, "", output.OneLine(f.Advice))
	}
}

// diagnosis returns the error for failed checks, with the code of the first one.
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
	return exit.With(code, fmt.Errorf("%d of %d checks failed: %s", len(failed), len(r.Findings), strings.Join(failed, ", ")))
}
