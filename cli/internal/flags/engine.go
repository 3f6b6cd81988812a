package flags

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/localengine"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/records"
	"github.com/tusker-go/tusker/cli/internal/settings"
)

// Engine holds the flags of the commands that use the engine of jobs.
type Engine struct {
	// StateDir is the folder of records, which has the engine of this machine.
	StateDir string
	// URL has the servers of the engine, separated by commas. "": the engine of this machine.
	URL string

	creds, tokenFile, caFile, certFile, keyFile string
	wait                                        time.Duration
}

// Register adds the flags.
func (e *Engine) Register(cmd *cobra.Command) {
	f := newSet()
	f.StringVar(&e.URL, "engine", "", "use the NATS JetStream at this `URL`, such as nats://nats.example:4222; several servers are separated by commas (default: the engine of this machine, which needs no setup)")
	f.StringVar(&e.creds, "engine-creds", "", "authenticate with the NATS credentials in this `file`, see nsc")
	f.StringVar(&e.tokenFile, "engine-token-file", "", "authenticate with the token in this `file`, see tusker job serve")
	f.StringVar(&e.caFile, "engine-cacert", "", "trust the authorities in this PEM `file` and no others for the engine, and require TLS")
	f.StringVar(&e.certFile, "engine-cert", "", "present the client certificate in this PEM `file` to the engine")
	f.StringVar(&e.keyFile, "engine-key", "", "read the key of the certificate of --engine-cert from this PEM `file` (default: the same file)")
	f.DurationVar(&e.wait, "engine-wait", 0, "give up after this `duration` without an engine, at the start of the command (default: 10s, and 1m for the engine of this machine, which may be moving to another process)")
	cmd.Flags().AddFlagSet(f)
	RegisterStateDir(cmd, &e.StateDir)
}

// The defaults of --engine-wait. Processes that serve the engine of this machine may die one
// after the other, or be stopped for a while, and the next one has to read the data.
const (
	engineWait      = 10 * time.Second
	localEngineWait = time.Minute
)

// patience returns how long a command waits for an engine at its start.
func (e *Engine) patience() time.Duration {
	switch {
	case e.wait > 0:
		return e.wait
	case e.URL == "":
		return localEngineWait
	}
	return engineWait
}

// Check finds errors of the flags.
func (e *Engine) Check() error {
	switch {
	case e.wait < 0:
		return fmt.Errorf("--engine-wait %v is negative", e.wait)
	case e.keyFile != "" && e.certFile == "":
		return errors.New("--engine-key needs --engine-cert")
	case e.URL == "":
		for _, flag := range []struct{ name, value string }{
			{"creds", e.creds}, {"token-file", e.tokenFile}, {"cacert", e.caFile}, {"cert", e.certFile},
		} {
			if flag.value != "" {
				return fmt.Errorf("--engine-%s needs --engine", flag.name)
			}
		}
		return nil
	}
	for _, raw := range e.servers() {
		u, err := url.Parse(raw)
		if err != nil || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) || u.Hostname() == "" || !isPort(u.Port()) {
			return errEngineURL // The URL may hold a password.
		}
	}
	return nil
}

// isPort reports whether a URL can have a port. "": the URL has none.
func isPort(port string) bool {
	_, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil
}

var errEngineURL = errors.New("--engine is not a URL such as nats://nats.example:4222 or tls://nats.example:4222")

// servers returns the URLs of the engine, each with a scheme.
func (e *Engine) servers() []string {
	var all []string
	for raw := range strings.SplitSeq(e.URL, ",") {
		if raw = strings.TrimSpace(raw); raw == "" {
			continue
		}
		if !strings.Contains(raw, "://") {
			raw = "nats://" + raw
		}
		all = append(all, raw)
	}
	return all
}

// Shown returns the engine as messages name it, without secrets.
func (e *Engine) Shown() string {
	if e.URL == "" {
		return "the engine of this machine"
	}
	return output.RedactServers(strings.Join(e.servers(), ","))
}

// EngineServer holds the flags of the command that serves the engine of this machine.
type EngineServer struct {
	// Listen is the address for other machines. "": only this machine reaches the engine.
	Listen string

	stateDir, tokenFile, certFile, keyFile string
}

// Register adds the flags.
func (e *EngineServer) Register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&e.Listen, "listen", "", "let other machines use the engine at this `address`, such as :4222 (default: only this machine)")
	f.StringVar(&e.tokenFile, "engine-token-file", "", "the token that other machines need is in this `file`, which is made if it does not exist (default: a file in the folder of --state-dir)")
	f.StringVar(&e.certFile, "engine-cert", "", "encrypt connections, under the certificate in this PEM `file`")
	f.StringVar(&e.keyFile, "engine-key", "", "read the key of the certificate of --engine-cert from this PEM `file` (default: the same file)")
	RegisterStateDir(cmd, &e.stateDir)
}

// Config returns the configuration of the engine, without a token.
func (e *EngineServer) Config(con *console.Console) (localengine.Config, error) {
	dir, err := records.Dir(e.stateDir, con.LookupEnv)
	out := localengine.Config{Dir: filepath.Join(dir, engineFolder), Listen: e.Listen, Log: con.Log}
	switch {
	case err != nil:
		return out, err
	case e.Listen == "" && (e.tokenFile != "" || e.certFile != ""):
		return out, errors.New("--engine-token-file and --engine-cert are for other machines: they need --listen")
	case e.keyFile != "" && e.certFile == "":
		return out, errors.New("--engine-key needs --engine-cert")
	}
	if e.Listen != "" {
		if _, _, err := net.SplitHostPort(e.Listen); err != nil {
			return out, fmt.Errorf("--listen: %w", err)
		}
	}
	if e.certFile == "" {
		return out, nil
	}
	key := e.keyFile
	if key == "" {
		key = e.certFile
	}
	settings.WarnOfReaders(con, "key file", key)
	certificate, err := tls.LoadX509KeyPair(e.certFile, key)
	if err != nil {
		return out, fmt.Errorf("--engine-cert: %w", err)
	}
	out.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	return out, nil
}

// TokenFile returns the file with the token that other machines need. Dir is the folder of the
// engine.
func (e *EngineServer) TokenFile(dir string) string {
	if e.tokenFile != "" {
		return e.tokenFile
	}
	return filepath.Join(dir, "token")
}
