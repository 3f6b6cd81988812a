// Package embedded runs the engine of package fleet, NATS JetStream, inside a program.
//
// [Start] serves one folder. Only one process at a time may serve a folder; the caller takes
// care of that, for example with a lock on a file beside it.
package embedded

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Config describes an engine.
type Config struct {
	// Dir is the folder for the data. It is made if it does not exist, with mode 0700.
	// "": ErrInvalid.
	Dir string

	// Listen is the address for connections, as in "127.0.0.1:4222". Port 0 is a free port,
	// see Server.URL. "": connections within this process only, see Server.Connect.
	Listen string

	// Token is the secret that connections present. "": none is needed, which is for tests
	// and for connections within this process.
	Token string

	// TLS encrypts connections from other processes. It has at least a certificate. nil: they
	// are not encrypted, which is for connections on the same machine.
	TLS *tls.Config

	// MaxBytes limits the size of the data on disk, in bytes. 0: three quarters of the free
	// space. Negative: ErrInvalid.
	MaxBytes int64

	// SyncAlways writes each message to the disk before it is confirmed, so that not even a
	// power failure undoes it. It costs most of the speed. False: a crash of the process
	// undoes nothing, and a power failure may undo the last seconds, so that some files are
	// sent again.
	SyncAlways bool

	// StartTimeout is how long Start waits until the data is read. 0: 2 minutes.
	StartTimeout time.Duration

	// Log takes a line of the log of the engine: level is "info", "warn" or "error". It must
	// be safe for concurrent use. nil: silent.
	Log func(level, text string)
}

// Errors of Start; test for them with errors.Is.
var (
	// ErrInvalid means that a value of Config makes no sense.
	ErrInvalid = errors.New("invalid")

	// ErrStart means that the engine could not be started. The error says why, such as an
	// address that is in use.
	ErrStart = errors.New("engine did not start")
)

// Server is an engine that runs. Its methods are safe for concurrent use.
type Server struct {
	server *server.Server
	listen bool
	token  string
	done   chan struct{}
	close  func()
}

// Start starts an engine, and returns when it accepts connections. The error Is ErrInvalid or
// ErrStart.
func Start(cfg Config) (*Server, error) {
	options, err := cfg.options()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStart, err)
	}
	s, err := server.NewServer(options)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStart, err)
	}
	log := &logger{log: cfg.Log, fatal: make(chan string, 1)}
	s.SetLogger(log, false, false)
	e := &Server{server: s, listen: cfg.Listen != "", token: cfg.Token, done: make(chan struct{})}
	e.close = sync.OnceFunc(s.Shutdown)
	go s.Start()
	if err := waitReady(s, log, cfg.StartTimeout); err != nil {
		s.Shutdown()
		return nil, err
	}
	go func() {
		s.WaitForShutdown()
		close(e.done)
	}()
	return e, nil
}

func (c Config) options() (*server.Options, error) {
	if c.Dir == "" || c.MaxBytes < 0 || c.StartTimeout < 0 {
		return nil, fmt.Errorf("%w: the folder is missing, or a limit is negative", ErrInvalid)
	}
	options := &server.Options{
		ServerName: "tusker", JetStream: true, StoreDir: c.Dir, JetStreamMaxStore: c.MaxBytes, SyncAlways: c.SyncAlways,
		Authorization: c.Token, NoSigs: true, NoSystemAccount: true, DontListen: c.Listen == "",
	}
	if c.Listen == "" {
		return options, nil
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, fmt.Errorf("%w: address to listen on: %w", ErrInvalid, err)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%w: port %q", ErrInvalid, port)
	}
	options.Host, options.Port = host, int(n)
	if n == 0 {
		options.Port = server.RANDOM_PORT
	}
	if c.TLS != nil {
		options.TLS, options.TLSConfig, options.TLSTimeout = true, c.TLS, tlsTimeout.Seconds()
	}
	return options, nil
}

const (
	defaultStartTimeout = 2 * time.Minute
	readyInterval       = 100 * time.Millisecond
	tlsTimeout          = 10 * time.Second
)

// waitReady waits until the engine accepts connections and has read its data.
func waitReady(s *server.Server, log *logger, timeout time.Duration) error {
	if timeout == 0 {
		timeout = defaultStartTimeout
	}
	deadline := time.Now().Add(timeout)
	for {
		ready := s.ReadyForConnections(readyInterval)
		select {
		case text := <-log.fatal:
			return fmt.Errorf("%w: %s", ErrStart, text)
		default:
		}
		switch {
		case ready && s.JetStreamEnabled():
			return nil
		case ready && !s.Running():
			return fmt.Errorf("%w: it ended", ErrStart)
		case time.Now().After(deadline):
			return fmt.Errorf("%w: not ready after %v", ErrStart, timeout)
		}
	}
}

// URL returns the address for nats.Connect, without the token, or "" if Config.Listen is "".
func (s *Server) URL() string {
	if !s.listen {
		return ""
	}
	return s.server.ClientURL()
}

// Connect connects to the engine within this process, without a network. The options are
// added to those that are needed.
func (s *Server) Connect(options ...nats.Option) (*nats.Conn, error) {
	needed := []nats.Option{nats.InProcessServer(s.server)}
	if s.token != "" {
		needed = append(needed, nats.Token(s.token))
	}
	return nats.Connect("", append(needed, options...)...)
}

// Close ends the engine, and returns when its data is written. Connections are closed. A
// second call has no effect.
func (s *Server) Close() {
	s.close()
	<-s.done
}

// Done returns a channel that is closed when the engine has ended.
func (s *Server) Done() <-chan struct{} { return s.done }
