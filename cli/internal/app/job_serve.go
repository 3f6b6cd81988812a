package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/localengine"
	"github.com/tusker-go/tusker/cli/internal/shell"
	"github.com/tusker-go/tusker/cli/internal/textfile"
	"github.com/tusker-go/tusker/cli/internal/usage"
)

func jobServeCommand(a *app) *cobra.Command {
	e := &flags.EngineServer{}
	cmd := &cobra.Command{
		Use:   "serve [flags]",
		Short: "Serve the engine of this machine until interrupted",
		Long: `Serves the engine of this machine, which the other commands about jobs otherwise
serve themselves for as long as they run. If one of them serves it now, this
command waits until it ends.

With --listen, other machines can use the engine, with --engine and the token in
--engine-token-file. The file is made with a random token if it does not exist.
Who has the token can read and change all jobs. --engine-cert and --engine-key
encrypt the connections; without them, use the engine only in a network that you
trust. For clusters and for many users, run NATS instead.`,
		Example: `  tusker job serve
  tusker job serve --listen :4222 --engine-token-file token
  tusker job serve --listen :4222 --engine-cert cert.pem --engine-key key.pem`,
		Args:        usage.NoArguments,
		Annotations: map[string]string{annotationLogs: "the engine"},
		RunE:        func(cmd *cobra.Command, _ []string) error { return runJobServe(cmd.Context(), a, e) },
	}
	e.Register(cmd)
	return cmd
}

func runJobServe(ctx context.Context, a *app, e *flags.EngineServer) error {
	cfg, err := e.Config(a.console)
	if err != nil {
		return usage.Error(err)
	}
	if e.Listen != "" {
		if cfg.Token, err = engineToken(e.TokenFile(cfg.Dir)); err != nil {
			return err
		}
	}
	engine := localengine.New(cfg, a.startEngine)
	defer func() { _ = engine.Close() }()
	if err := serveEngine(ctx, a, engine); err != nil {
		if errors.Is(context.Cause(ctx), exit.ErrInterrupted) {
			return nil
		}
		return err
	}
	a.console.Log.Info("serving the engine", "folder", cfg.Dir)
	if e.Listen != "" {
		_, port, _ := net.SplitHostPort(engine.Addr())
		host, _, _ := net.SplitHostPort(e.Listen)
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			host, _ = os.Hostname()
		}
		scheme := "nats"
		if cfg.TLS != nil {
			scheme = "tls"
		}
		a.console.Out.Line("%s://%s", scheme, net.JoinHostPort(host, port))
		_, _ = fmt.Fprintf(a.console.Err, "tusker: others use it with --engine, and the token in %s with --engine-token-file\n", shell.QuotePath(e.TokenFile(cfg.Dir)))
		if cfg.TLS == nil && !isLoopbackAddr(e.Listen) {
			a.console.Say("connections are not encrypted: use this in a trusted network only, or give --engine-cert and --engine-key")
		}
	}
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, exit.ErrInterrupted) {
		return cause
	}
	return nil
}

// serveInterval is the time between two attempts to serve an engine that another process
// serves.
const serveInterval = 200 * time.Millisecond

// serveEngine serves the engine as soon as no other process does.
func serveEngine(ctx context.Context, a *app, engine *localengine.Engine) error {
	for {
		err := engine.Serve() //nolint:contextcheck // The engine is served until Close.
		if err == nil || !errors.Is(err, localengine.ErrServed) {
			return err
		}
		a.console.SayOnce("another process serves the engine: waiting for its end")
		select {
		case <-time.After(serveInterval):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// engineToken reads the token of the engine. It makes a file with a random token, which only
// the user can read, if there is none.
func engineToken(file string) (string, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		token := rand.Text()
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return "", err
		}
		return token, os.WriteFile(file, []byte(token+"\n"), 0o600)
	}
	if err != nil {
		return "", err
	}
	token, ok := textfile.Token(text)
	if !ok {
		return "", usage.Error(fmt.Errorf("--engine-token-file %s: want one token and nothing else", file))
	}
	return token, nil
}

func isLoopbackAddr(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}
