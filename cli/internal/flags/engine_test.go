package flags_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/engine"
	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/localengine"
	"github.com/tusker-go/tusker/cli/internal/output"
)

// lockedBuffer is safe for concurrent use.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// connectTo connects with these flags, and returns what standard error got.
func connectTo(t *testing.T, args ...string) (link *flags.Link, said string, err error) {
	t.Helper()
	stderr := &lockedBuffer{}
	con := &console.Console{Out: output.NewPrinter(&lockedBuffer{}, nil), Err: stderr, LookupEnv: func(string) (string, bool) { return "", false }}
	con.Register(pflag.NewFlagSet("", pflag.ContinueOnError))
	if err := con.Start(slog.LevelWarn); err != nil {
		t.Fatal(err)
	}
	e := &flags.Engine{}
	cmd := &cobra.Command{Use: "status"}
	e.Register(cmd)
	if err := cmd.Flags().Parse(args); err != nil {
		t.Fatal(err)
	}
	link, err = e.Connect(t.Context(), con, engine.Start, "test")
	return link, stderr.String(), err
}

// served returns the host and the port of an engine that wants the token.
func served(t *testing.T, token string) string {
	t.Helper()
	return serve(t, localengine.Config{Token: token})
}

// serve returns the host and the port of an engine with these settings.
func serve(t *testing.T, config localengine.Config) string {
	t.Helper()
	config.Dir, config.Listen, config.Log = filepath.Join(t.TempDir(), "data"), "127.0.0.1:0", slog.New(slog.DiscardHandler)
	s, err := engine.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.Addr()
}

// Errors of the first connection have an exit code and say what to do, and contain no secret.
func TestEngineErrors(t *testing.T) {
	t.Parallel()
	addr := served(t, "right-token")
	closed, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // It is closed at once.
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewTLSServer(nil)
	defer site.Close()
	secure := serve(t, localengine.Config{TLS: &tls.Config{Certificates: site.TLS.Certificates, MinVersion: tls.VersionTLS12}})
	nothing := closed.Addr().String()
	_ = closed.Close()
	wrong := filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(wrong, []byte("wrong-token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		args       []string
		code       int
		want, hint string
	}{
		"unreachable":        {[]string{"--engine", "nats://user:pass-word@" + nothing, "--engine-wait", "1ms"}, exit.GaveUp, "no engine at nats://" + nothing, "check the host and the port"},
		"no credentials":     {[]string{"--engine", "nats://" + addr}, exit.NotAllowed, "needs credentials", "--engine-creds"},
		"a wrong token":      {[]string{"--engine", addr, "--engine-token-file", wrong}, exit.NotAllowed, "refuses the credentials", "--engine-token-file"},
		"a wrong password":   {[]string{"--engine", "nats://user:pass-word@" + addr}, exit.NotAllowed, "refuses the credentials", "TUSKER_ENGINE"},
		"another protocol":   {[]string{"--engine", "https://user:pass-word@" + addr}, exit.Usage, "not a URL", ""},
		"no host":            {[]string{"--engine", "nats://"}, exit.Usage, "not a URL", ""},
		"a missing token":    {[]string{"--engine", addr, "--engine-token-file", "none"}, exit.Usage, "none", ""},
		"no such port":       {[]string{"--engine", "nats://127.0.0.1:99999"}, exit.Usage, "not a URL", ""},
		"missing creds":      {[]string{"--engine", addr, "--engine-creds", "none"}, exit.Usage, "none", ""},
		"creds without seed": {[]string{"--engine", addr, "--engine-creds", wrong}, exit.Usage, "--engine-creds " + wrong, ""},
		"missing authority":  {[]string{"--engine", addr, "--engine-cacert", "none"}, exit.Usage, "none", ""},
		"no authority":       {[]string{"--engine", addr, "--engine-cacert", wrong}, exit.Usage, wrong, ""},
		"missing client":     {[]string{"--engine", addr, "--engine-cert", "none"}, exit.Usage, "none", ""},
		"engine without TLS": {[]string{"--engine", "tls://" + addr}, exit.NotAllowed, "secure connection not available", "use nats://"},
		"not trusted":        {[]string{"--engine", "tls://" + secure}, exit.NotAllowed, "certificate", "with --engine-cacert FILE"},
		"a key alone":        {[]string{"--engine", addr, "--engine-key", "k"}, exit.Usage, "needs --engine-cert", ""},
		"creds without URL":  {[]string{"--engine-creds", "c"}, exit.Usage, "needs --engine", ""},
		"a negative wait":    {[]string{"--engine-wait", "-1s"}, exit.Usage, "negative", ""},
		"a state that fails": {[]string{"--state-dir", "/dev/null/x", "--engine-wait", "1ms"}, exit.Failed, "the engine of this machine", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			link, said, err := connectTo(t, test.args...)
			if err == nil {
				_ = link.Close()
				t.Fatal("no error")
			}
			text := err.Error() + said
			if f, ok := errors.AsType[*advice.Failure](err); ok {
				text += " hint: " + f.Hint
			}
			if exit.Code(err) != test.code || !strings.Contains(text, test.want) || !strings.Contains(text, test.hint) {
				t.Errorf("code %d, %q, want %d, %q and %q", exit.Code(err), text, test.code, test.want, test.hint)
			}
			for _, secret := range []string{"pass-word", "right-token", "wrong-token"} {
				if strings.Contains(text, secret) {
					t.Errorf("%q contains %s", text, secret)
				}
			}
		})
	}
}

// The error for several flags that need --engine names always the same one.
func TestEngineErrorNamesOneFlag(t *testing.T) {
	t.Parallel()
	e := &flags.Engine{}
	cmd := &cobra.Command{Use: "status"}
	e.Register(cmd)
	args := []string{"--engine-cert", "x", "--engine-cacert", "x", "--engine-token-file", "x", "--engine-creds", "x"}
	if err := cmd.Flags().Parse(args); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if err := e.Check(); err == nil || err.Error() != "--engine-creds needs --engine" {
			t.Fatalf("error %v, want one about --engine-creds", err)
		}
	}
}

// Credentials may be in the URL or in a file.
func TestEngineCredentials(t *testing.T) {
	t.Parallel()
	addr := served(t, "right-token")
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("right-token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"--engine", "nats://right-token@" + addr},
		{"--engine", "right-token@" + addr},
		{"--engine", "nats://127.0.0.1:1, nats://right-token@" + addr},
		{"--engine", addr, "--engine-token-file", file},
	} {
		link, said, err := connectTo(t, args...)
		if err != nil {
			t.Errorf("%v: %v", args, err)
			continue
		}
		if said != "" {
			t.Errorf("%v: said %q, want \"\"", args, said)
		}
		_ = link.Close()
	}
}

// A command that waits for an engine ends with its context.
func TestEngineWaitEnds(t *testing.T) {
	t.Parallel()
	con := &console.Console{Err: &lockedBuffer{}, LookupEnv: os.LookupEnv}
	con.Register(pflag.NewFlagSet("", pflag.ContinueOnError))
	if err := con.Start(slog.LevelError); err != nil {
		t.Fatal(err)
	}
	e := &flags.Engine{}
	cmd := &cobra.Command{Use: "status"}
	e.Register(cmd)
	if err := cmd.Flags().Parse([]string{"--engine", "127.0.0.1:1", "--engine-wait", "1h"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(exit.ErrInterrupted)
	if _, err := e.Connect(ctx, con, engine.Start, "test"); !errors.Is(err, exit.ErrInterrupted) {
		t.Errorf("error %v, want %v", err, exit.ErrInterrupted)
	}
}

// Without --engine, the first connection serves the engine of the state folder, and a second
// one uses it. When the first one ends, the second one continues with an engine of its own,
// which has the same data.
func TestEngineOfThisMachine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, _, err := connectTo(t, "--state-dir", dir)
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := connectTo(t, "--state-dir", dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	if !first.IsServing() || second.IsServing() {
		t.Errorf("first serves: %v, second serves: %v, want IsServing true and IsServing false", first.IsServing(), second.IsServing())
	}
	if own, other := first.Shown(), second.Shown(); strings.Contains(own, "process") || !strings.HasSuffix(other, fmt.Sprintf("(process %d)", os.Getpid())) {
		t.Errorf("the engine is %q for the process that serves it, and %q for another one, want the process only in the second", own, other)
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	// The connection is made again in the background.
	for second.Conn.FlushTimeout(100e6) != nil || !second.IsServing() {
		if t.Context().Err() != nil {
			t.Fatal("the second one does not serve")
		}
	}
}

// silent is an engine that ends each connection without a word.
type silent struct{ net.Listener }

func (s silent) Addr() string { return s.Listener.Addr().String() }
func (s silent) Close()       { _ = s.Listener.Close() }

func startSilent(cfg localengine.Config) (localengine.Server, error) {
	l, err := net.Listen("tcp", cfg.Listen) //nolint:noctx // Close ends it.
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	return silent{l}, nil
}

// A process that has the engine of this machine and does not answer is named, and the hint says
// what to do with it.
func TestEngineThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	holder := localengine.New(localengine.Config{Dir: filepath.Join(dir, "engine"), Log: slog.New(slog.DiscardHandler)}, startSilent)
	if err := holder.Serve(); err != nil {
		t.Fatal(err)
	}
	_, _, err := connectTo(t, "--state-dir", dir, "--engine-wait", "1ms")
	if err := holder.Close(); err != nil {
		t.Error(err)
	}
	failure, ok := errors.AsType[*advice.Failure](err)
	if !ok || exit.Code(err) != exit.GaveUp {
		t.Fatalf("code %d, error %v, want %d and a hint", exit.Code(err), err, exit.GaveUp)
	}
	if want := fmt.Sprintf("process %d has it, and does not answer", os.Getpid()); !strings.Contains(err.Error(), want) {
		t.Errorf("error %q, want %q", err, want)
	}
	if want := fmt.Sprintf("kill %d", os.Getpid()); !strings.Contains(failure.Hint, want) {
		t.Errorf("hint %q, want %q", failure.Hint, want)
	}
}

// An engine of this machine that refuses the token has moved to another process meanwhile. The
// command tries again.
func TestEngineThatMoves(t *testing.T) {
	dir := t.TempDir()
	first, _, err := connectTo(t, "--state-dir", dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	file := filepath.Join(dir, "engine", "address")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var at map[string]any
	if err := json.Unmarshal(text, &at); err != nil {
		t.Fatal(err)
	}
	at["token"] = "that of an engine before"
	old, err := json.Marshal(at)
	if err == nil {
		err = os.WriteFile(file, old, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(300*time.Millisecond, func() { _ = os.WriteFile(file, text, 0o600) })
	second, _, err := connectTo(t, "--state-dir", dir)
	if err != nil {
		t.Fatal(err)
	}
	_ = second.Close()
}
