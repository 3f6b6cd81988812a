package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/faults"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/testserver"
)

type serve struct {
	addr    string
	tls     bool
	maxSize units.Size
	faults  []string
}

func (a *app) serveCommand() *cobra.Command {
	s := &serve{}
	cmd := &cobra.Command{
		Use:   "serve [flags] [DIR]",
		Short: "Run a tus server for trying things out",
		Long: `Runs tusd, the reference server, until it is interrupted, and prints the URL to
upload to. Uploads are kept in DIR, which is made if it does not exist; without
DIR they are kept in a temporary folder that is removed at the end.

It is for trying things out: whoever reaches it can read, write and delete.

With --fault requests go wrong, for testing clients of any make. A fault is

  [METHOD] ACTION [ARG...] [xN|always]

METHOD is one of ` + faults.Methods() + `.
Without it, it is any. For each request the first fault that fits fires, once,
or N times, or always, in the order in which they were given; it is logged as
it fires. ACTION is one of

` + faults.Help(helpWidth),
		Example: `  tusker serve ./up
  tusker serve --tls --addr 127.0.0.1:0
  tusker serve --fault 'PATCH cut 1MiB' --fault 'HEAD status 502 x3'
  tusker serve --fault 'PATCH early 64KiB 503 Retry-After:5 busy'`,
		Args:        arguments(0, 1, "at most one DIR"),
		Annotations: map[string]string{annotationLogs: "requests"},
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := ""
			if len(args) > 0 {
				dir = args[0]
			}
			return a.serve(cmd.Context(), s, dir)
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.addr, "addr", "127.0.0.1:1080", "listen on this `address`; port 0 is any free one")
	f.BoolVar(&s.tls, "tls", false, "serve https, under a certificate authority made for this run")
	f.Var(&s.maxSize, "max-size", "refuse larger uploads (default: no limit)")
	f.StringArrayVar(&s.faults, "fault", nil, "spoil requests, as above (repeat): `'[METHOD] ACTION ...'`")
	return cmd
}

func (a *app) serve(ctx context.Context, s *serve, dir string) error {
	if s.maxSize < 0 {
		return usage(errors.New("--max-size is negative"))
	}
	if _, _, err := net.SplitHostPort(s.addr); err != nil {
		return usage(fmt.Errorf("--addr: %w", err))
	}
	injected := make([]testserver.Fault, len(s.faults))
	for i, spec := range s.faults {
		var err error
		if injected[i], err = faults.Parse(spec); err != nil {
			return usage(fmt.Errorf("--fault %q: %w", spec, err))
		}
	}
	var secure *tls.Config
	if s.tls {
		secure = &tls.Config{}
	}
	server, err := testserver.Start(testserver.Config{ //nolint:contextcheck // Close ends the server.
		Dir: dir, Addr: s.addr, TLS: secure, MaxSize: int64(s.maxSize), Logger: a.log,
		KeepRequests: 1, // The command does not use them.
		Wrap:         func(next http.Handler) http.Handler { return logRequests(next, a.log) },
	})
	if err != nil {
		return err
	}
	defer server.Close()
	server.Inject(injected...)
	if s.tls {
		ca, remove, err := writeAuthority(server.CACertPEM())
		if err != nil {
			return err
		}
		defer remove()
		// Users need this line to connect, so -q does not hide it.
		_, _ = fmt.Fprintf(a.err, "tusker: trust the server with --cacert %s\n", quoteWhereNeeded(ca, ""))
	}
	a.out.Line("%s", server.URL())
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, exit.ErrInterrupted) {
		return cause
	}
	return nil
}

// writeAuthority writes the certificate to a new file. The next run has another
// certificate.
func writeAuthority(pem []byte) (file string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "tusker-serve-*")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	file = filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(file, pem, 0o600); err != nil {
		remove()
		return "", nil, err
	}
	return file, remove, nil
}

// logRequests writes a record for each answered request.
func logRequests(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		answer := &statusWriter{ResponseWriter: w}
		next.ServeHTTP(answer, r)
		log.LogAttrs(r.Context(), slog.LevelInfo, "request",
			slog.String("method", r.Method), slog.String("path", r.URL.Path),
			slog.Int("status", answer.status), slog.Duration("took", time.Since(began)))
	})
}

// statusWriter stores the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}
