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
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/faults"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/inbox"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/shell"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/testserver/page"
)

type serve struct {
	addr    string
	tls     bool
	maxSize units.Size
	rufh    string
	faults  []string

	noPage    bool
	keepNames bool
}

func serveCommand(a *app) *cobra.Command {
	s := &serve{}
	cmd := &cobra.Command{
		Use:   "serve [flags] [DIR]",
		Short: "Run a tus server for experiments",
		Long: `Runs tusd, the reference server, until it is interrupted, and prints the URL to
upload to. Uploads are kept in DIR, which is created if it does not exist.
Without DIR they are in a temporary folder that is removed at the end.

The server is for experiments: everybody who reaches it can read, write and
delete uploads.

For browsers there is a page at /, on which you can drop files, pause and resume
uploads, break the next request, and download finished uploads. Pages of other
origins can also upload, but cannot break requests.

With --keep-names, each finished upload is also in DIR under its own file name.
A name that is taken gets a number. The server's own files are in DIR/` + storeDir + `.

With --rufh, the server speaks the IETF's Resumable Uploads for HTTP instead of
tus, in the interop versions of its drafts that the value lists, such as 8,9, or
in the newest one. It is strict, keeps uploads in memory and sends a 104 for
each MiB and each second. A complete upload, and any other POST or PUT, is
stored in DIR under its file name. Without DIR the bytes are dropped.

With --fault, requests fail, which tests any client. A fault is

  [METHOD] ACTION [ARG...] [xN|always]

METHOD is one of ` + faults.Methods() + `.
The default is any. The first fault that matches a request applies to it: once,
N times, or always. Faults are tried in the order of the flags. Each use of a
fault is logged. ACTION is one of

` + faults.Help(helpWidth) + `

and with --rufh also one of

` + faults.HelpRUFH(helpWidth),
		Example: `  tusker serve ./up
  tusker serve --keep-names ./inbox
  tusker serve --tls --addr 127.0.0.1:0
  tusker serve --fault 'PATCH cut 1MiB' --fault 'HEAD status 502 x3'
  tusker serve --fault 'PATCH early 64KiB 503 Retry-After:5 busy'
  tusker serve --rufh --fault 'POST cut 1MiB' ./up`,
		Args:        usage.Arguments(0, 1, "at most one DIR"),
		Annotations: map[string]string{annotationLogs: "requests"},
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := ""
			if len(args) > 0 {
				dir = args[0]
			}
			return runServe(cmd.Context(), a, s, dir)
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.addr, "addr", "127.0.0.1:1080", "listen on this `address`; port 0 is any free one")
	f.BoolVar(&s.tls, "tls", false, "serve https, under a certificate authority made for this run")
	f.Var(&s.maxSize, "max-size", "refuse uploads that are larger (default: no limit)")
	settings.Own(f.Lookup("max-size"), "serve-max-size")
	f.StringVar(&s.rufh, "rufh", "", "serve the IETF's Resumable Uploads for HTTP in these interop `versions`")
	f.Lookup("rufh").NoOptDefVal = newestVersion
	f.BoolVar(&s.noPage, "no-page", false, "serve no page for browsers at /")
	f.BoolVar(&s.keepNames, "keep-names", false, "also store finished uploads in DIR under their own names")
	flags.List(f, &s.faults, "fault", "", "apply the fault `'[METHOD] ACTION ...'` to requests (repeat); tusker serve --help lists the actions")
	return cmd
}

func runServe(ctx context.Context, a *app, s *serve, dir string) error {
	if s.maxSize < 0 {
		return usage.Error(errors.New("--max-size is negative"))
	}
	if _, _, err := net.SplitHostPort(s.addr); err != nil {
		return usage.Error(fmt.Errorf("--addr: %w", err))
	}
	if s.keepNames && dir == "" {
		return usage.Error(errors.New("--keep-names needs DIR, because a temporary folder is removed"))
	}
	if s.rufh != "" {
		return serveRUFH(ctx, a, s, dir)
	}
	injected, err := parseFaults(s.faults, faults.Tus)
	if err != nil {
		return err
	}
	cfg := testserver.Config{
		Dir: dir, Addr: s.addr, TLS: s.secure(), MaxSize: int64(s.maxSize), Logger: a.console.Log,
		KeepRequests: 1, // The command does not use them.
		Wrap:         func(next http.Handler) http.Handler { return logRequests(next, a.console.Log) },
	}
	if !s.noPage {
		cfg.Site = page.New
	}
	if s.keepNames {
		cfg.Dir, cfg.Finished = filepath.Join(dir, storeDir), keepName(dir, a.console.Log) //nolint:contextcheck // The file store takes no notice of it.
	}
	server, err := testserver.Start(cfg) //nolint:contextcheck // Close ends the server.
	if err != nil {
		return err
	}
	defer server.Close()
	if !s.noPage {
		a.console.Log.Info("page for browsers", "url", strings.TrimSuffix(server.URL(), "files/"))
	}
	return runServer(ctx, a, server, injected)
}

// runServer injects the faults, prints the URL of the server, and waits for the end of ctx.
func runServer(ctx context.Context, a *app, server *testserver.Server, injected []testserver.Fault) error {
	server.Inject(injected...)
	if pem := server.CACertPEM(); pem != nil {
		ca, remove, err := writeAuthority(pem)
		if err != nil {
			return err
		}
		defer remove()
		// Users need this line to connect, so -q does not hide it.
		_, _ = fmt.Fprintf(a.console.Err, "tusker: trust the server with --cacert %s\n", shell.QuoteIfNeeded(ca, ""))
	}
	a.console.Out.Line("%s", server.URL())
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, exit.ErrInterrupted) {
		return cause
	}
	return nil
}

// parseFaults parses the values of --fault.
func parseFaults(specs []string, p faults.Protocol) ([]testserver.Fault, error) {
	injected := make([]testserver.Fault, len(specs))
	for i, spec := range specs {
		var err error
		if injected[i], err = faults.Parse(spec, p); err != nil {
			return nil, usage.Error(fmt.Errorf("--fault %q: %w", spec, err))
		}
	}
	return injected, nil
}

// secure returns the TLS settings of --tls, or nil.
func (s *serve) secure() *tls.Config {
	if !s.tls {
		return nil
	}
	return &tls.Config{}
}

// storeDir is the folder of the server's own files below DIR with --keep-names.
// They are apart from the named files, because a client that could choose the
// name of a description of an upload could read any file.
const storeDir = ".tusd"

// keepName returns a function that stores a finished upload in dir under its own
// name. Parts of other uploads are left out.
func keepName(dir string, log *slog.Logger) func(*testserver.Server, string) {
	return func(server *testserver.Server, uploadURL string) {
		info, err := server.Info(uploadURL)
		if err == nil && info.Partial {
			return
		}
		var file, kept string
		if err == nil {
			file, err = server.Path(uploadURL)
		}
		if err == nil {
			kept, err = inbox.Add(dir, file, info.Metadata)
		}
		if err != nil {
			log.Error("an upload has no file of its own name", "url", uploadURL, "err", err)
			return
		}
		log.Info("stored", "url", uploadURL, "file", kept)
	}
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
