// Package embedded runs the engine of package fleet, NATS JetStream, inside a program.
//
// [Start] serves one folder. Only one process at a time may serve a folder; the caller takes
// care of that, for example with a lock on a file beside it.
package embedded

import (
	"errors"

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

	// MaxBytes limits the size of the data on disk. 0: the free space of the disk.
	MaxBytes int64

	// SyncAlways writes each message to the disk before it is confirmed, so that not even a
	// power failure undoes it. It costs most of the speed. False: a crash of the process
	// undoes nothing, and a power failure may undo the last seconds, so that some files are
	// sent again.
	SyncAlways bool

	// Log takes a line of the log of the engine. nil: silent.
	Log func(level, text string)
}

// Errors of Start; test for them with errors.Is.
var (
	// ErrInvalid means that a value of Config makes no sense.
	ErrInvalid = errors.New("invalid")

	// ErrStart means that the engine could not be started. The error says why.
	ErrStart = errors.New("engine did not start")
)

// Server is an engine that runs. Its methods are safe for concurrent use.
type Server struct {
	server *server.Server
	token  string
}

// Start starts an engine, and returns when it accepts connections.
func Start(cfg Config) (*Server, error) { return nil, ErrStart }

// URL returns the address for nats.Connect, without the token, or "" if Config.Listen is "".
func (s *Server) URL() string { return "" }

// Connect connects to the engine within this process, without a network. The options are
// added to those that are needed.
func (s *Server) Connect(options ...nats.Option) (*nats.Conn, error) { return nil, ErrStart }

// Close ends the engine, and returns when its data is written. Connections are closed.
func (s *Server) Close() {}

// Done returns a channel that is closed when the engine has ended.
func (s *Server) Done() <-chan struct{} { return nil }
