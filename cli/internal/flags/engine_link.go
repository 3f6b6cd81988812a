package flags

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/localengine"
	"github.com/tusker-go/tusker/cli/internal/records"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/transport/nethttp"
)

const (
	engineDialTimeout   = 5 * time.Second
	engineReconnectWait = 100 * time.Millisecond
	enginePing          = 10 * time.Second // a dead network is noticed after two of them
)

// Link is a connection to the engine, which is made again when it breaks. Close it.
type Link struct {
	// Conn is the connection.
	Conn *nats.Conn

	local *localengine.Engine // nil: the engine is elsewhere
	shown string              // see Engine.Shown
}

// Shown returns the engine as messages name it, with the process on this machine that has it, if it
// is another one.
func (l *Link) Shown() string {
	if l.local != nil {
		if holder := l.local.Holder(); holder != 0 {
			return fmt.Sprintf("%s (process %d)", l.shown, holder)
		}
	}
	return l.shown
}

// IsServing reports whether this process serves the engine of this machine.
func (l *Link) IsServing() bool { return l.local != nil && l.local.IsServing() }

// Close ends the connection, and the engine if this process serves it.
func (l *Link) Close() error {
	l.Conn.Close()
	if l.local != nil {
		return l.local.Close()
	}
	return nil
}

// Connect connects to the engine. Start starts the engine of this machine. Name is that of the
// connection, which the engine shows to its administrators.
func (e *Engine) Connect(ctx context.Context, con *console.Console, start localengine.Start, name string) (*Link, error) {
	if err := e.Check(); err != nil {
		return nil, usage.Error(err)
	}
	link := &Link{shown: e.Shown()}
	options, isAway := e.options(con, name), isEngineAway
	if err := e.checkFiles(options); err != nil {
		return nil, usage.Error(err)
	}
	servers := e.servers()
	if len(servers) == 0 {
		if start == nil {
			return nil, usage.Error(errNoEngine)
		}
		dir, err := records.Dir(e.StateDir, con.LookupEnv)
		if err != nil {
			return nil, usage.Error(err)
		}
		link.local = localengine.New(localengine.Config{Dir: filepath.Join(dir, engineFolder), Log: con.Log}, start)
		options = append(options, nats.SetCustomDialer(link.local), nats.TokenHandler(link.local.Token), anyCertificate)
		servers = []string{"nats://127.0.0.1:1"} // The dialer knows the address.
		isAway = isLocalEngineAway
	}
	var err error
	if link.Conn, err = connect(ctx, e.patience(), isAway, strings.Join(servers, ","), options); err != nil {
		holder := 0
		if link.local != nil {
			holder = link.local.Holder()
			err = errors.Join(err, link.local.Close())
		}
		return nil, e.explain(err, holder)
	}
	e.warnOfPlainPassword(con, link.Conn)
	return link, nil
}

var errNoEngine = errors.New("this program has no engine of its own: want --engine")

// engineFolder is the folder of the engine of this machine, in that of records.
const engineFolder = "engine"

// anyCertificate accepts the certificate of this machine's engine, if it has one for other
// machines: the names in it are not those of loopback.
func anyCertificate(o *nats.Options) error {
	o.TLSConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // The process that serves is known by its lock.
	return nil
}

// connect connects, again after failures that may be temporary, for that time.
func connect(ctx context.Context, wait time.Duration, isAway func(error) bool, servers string, options []nats.Option) (*nats.Conn, error) {
	until, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		conn, err := nats.Connect(servers, options...)
		if err == nil || !isAway(err) {
			return conn, err
		}
		select {
		case <-time.After(engineReconnectWait):
		case <-until.Done():
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return nil, err
		}
	}
}

// isEngineAway reports whether an engine may be reached later although a connection failed.
func isEngineAway(err error) bool {
	for _, final := range []error{
		nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrAccountAuthExpired, nats.ErrSecureConnRequired, nats.ErrSecureConnWanted,
	} {
		if errors.Is(err, final) {
			return false
		}
	}
	return !isUntrusted(err)
}

// isLocalEngineAway is isEngineAway for the engine of this machine. It may refuse a token,
// because it has moved to another process since the token was read.
func isLocalEngineAway(err error) bool { return !errors.Is(err, localengine.ErrElsewhere) }

func (e *Engine) options(con *console.Console, name string) []nats.Option {
	options := []nats.Option{
		nats.Name(name), nats.Timeout(engineDialTimeout), nats.PingInterval(enginePing), nats.MaxPingsOutstanding(2),
		nats.MaxReconnects(-1), nats.ReconnectWait(engineReconnectWait), nats.ReconnectJitter(engineReconnectWait, engineReconnectWait),
		// Credentials may be renewed while the command runs, and the token of this machine's
		// engine changes when another process serves it.
		nats.IgnoreAuthErrorAbort(),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				con.Log.Debug("the engine is away", "err", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { con.Log.Debug("the engine is back") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { con.Log.Debug("engine", "err", err) }),
	}
	if e.creds != "" {
		settings.WarnOfReaders(con, "credentials file", e.creds)
		options = append(options, nats.UserCredentials(e.creds))
	}
	if e.tokenFile != "" {
		settings.WarnOfReaders(con, "token file", e.tokenFile)
		options = append(options, nats.TokenHandler(func() string {
			token, err := readToken(e.tokenFile)
			if err != nil {
				con.Log.Warn("the token of the engine cannot be read", "err", err)
			}
			return token
		}))
	}
	if e.caFile != "" {
		options = append(options, nats.RootCAs(e.caFile))
	}
	if e.certFile != "" {
		key := e.keyFile
		if key == "" {
			key = e.certFile
		}
		settings.WarnOfReaders(con, "key file", key)
		options = append(options, nats.ClientCert(e.certFile, key))
	}
	return options
}

// warnOfPlainPassword says that everybody on the way to the engine can read its password.
func (e *Engine) warnOfPlainPassword(con *console.Console, conn *nats.Conn) {
	u, err := url.Parse(conn.ConnectedUrl())
	if err != nil || u.User == nil || advice.IsLoopback(u.Hostname()) {
		return
	}
	if _, err := conn.TLSConnectionState(); err != nil {
		con.Say("the password of the engine is sent without TLS: use tls:// and a server with a certificate")
	}
}

// engineTLS has the flags of the connection to an engine.
var engineTLS = advice.TLSFlags{CA: "--engine-cacert", Cert: "--engine-cert", Key: "--engine-key"}

// explain returns err with an exit code and a hint. The holder is the process that has the engine of
// this machine, and 0 if there is none or another engine.
func (e *Engine) explain(err error, holder int) error {
	if exit.StopCause(err) != nil {
		return err
	}
	out := &advice.Failure{Err: fmt.Errorf("%s: %w", e.Shown(), err)}
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked), errors.Is(err, nats.ErrAccountAuthExpired):
		out.Err = exit.With(exit.NotAllowed, fmt.Errorf("%s refuses the credentials: %w", e.Shown(), err))
		if !e.hasCredentials() {
			out.Err = exit.With(exit.NotAllowed, fmt.Errorf("%s needs credentials: %w", e.Shown(), err))
		}
		out.Hint = "give them with --engine-creds FILE or --engine-token-file FILE, or in TUSKER_ENGINE, such as nats://USER:PASSWORD@HOST:4222"
	case isUntrusted(err):
		out.Err = exit.With(exit.NotAllowed, out.Err)
		out.Hint = advice.Certificate(err, time.Now(), engineTLS)
	case errors.Is(err, nats.ErrSecureConnWanted):
		out.Err = exit.With(exit.NotAllowed, out.Err)
		out.Hint = "the engine has no TLS: use nats:// without --engine-cacert and --engine-cert, or give the engine a certificate"
	case errors.Is(err, localengine.ErrElsewhere):
		out.Hint = "name a folder on this machine with --state-dir, or use one engine for all machines with --engine"
	case holder != 0:
		out.Err = exit.With(exit.GaveUp, fmt.Errorf("%s: process %d has it, and does not answer: %w", e.Shown(), holder, err))
		out.Hint = fmt.Sprintf("wait until that process answers, or end it (kill %d, or kill -9 if it does not end): the next command then serves the engine, and nothing is lost", holder)
	case errors.Is(err, nats.ErrNoServers):
		err = errNothing // The error of nats.go does not say why.
		fallthrough
	case e.URL != "":
		out.Err = exit.With(exit.GaveUp, fmt.Errorf("no engine at %s: %w", e.Shown(), err))
		out.Hint = "check the host and the port, and whether the engine runs: nats-server -js, or tusker job serve"
	}
	return out
}

var errNothing = errors.New("nothing accepts connections there")

// hasCredentials reports whether the flags identify a user of the engine.
func (e *Engine) hasCredentials() bool {
	return e.creds != "" || e.tokenFile != "" || e.certFile != "" || slices.ContainsFunc(e.servers(), func(raw string) bool {
		u, err := url.Parse(raw)
		return err == nil && u.User != nil
	})
}

// checkFiles returns an error if the files of credentials and certificates cannot be used.
// nats.go reads some of them only when it connects, and does not say which one it was.
func (e *Engine) checkFiles(options []nats.Option) error {
	if e.tokenFile != "" {
		if _, err := readToken(e.tokenFile); err != nil {
			return err
		}
	}
	var read nats.Options
	for _, option := range options {
		if err := option(&read); err != nil {
			return err
		}
	}
	if e.creds == "" {
		return nil
	}
	_, err := read.UserJWT()
	if err == nil {
		_, err = read.SignatureCB(nil)
	}
	if err != nil {
		return fmt.Errorf("--engine-creds %s: %w", e.creds, err)
	}
	return nil
}

// isUntrusted reports whether one side of a TLS handshake did not trust the other one.
func isUntrusted(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	return nethttp.IsHandshakeAlert(err)
}
