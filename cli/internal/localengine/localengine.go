// Package localengine shares one engine between the processes of a user on a machine.
//
// The first process that needs the engine takes a lock in a folder and serves the engine on
// loopback. The other processes connect to it with a random token, which only the user can
// read. When the process that serves ends, in any way, the system frees the lock, and the next
// process that dials serves the engine with the same data.
package localengine

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/tusker-go/tusker/client/filelock"
)

// Config describes an engine.
type Config struct {
	// Dir is the folder of the engine, which the process that serves creates.
	Dir string
	// Listen is the address of the engine if this process serves it. "": a free port on
	// loopback.
	Listen string
	// Token is the secret that connections present if this process serves the engine. "": a
	// random one.
	Token string
	// TLS secures connections if this process serves the engine. nil: they are not encrypted.
	TLS *tls.Config
	// Log is the log.
	Log *slog.Logger
}

// Server is an engine that this process serves.
type Server interface {
	// Addr returns the host and the port at which processes of this machine reach the engine.
	Addr() string
	// Close ends the engine and waits until its data are in its folder.
	Close()
}

// Start starts an engine that keeps its data in Config.Dir.
type Start func(Config) (Server, error)

// ErrElsewhere means that a process of another machine serves the engine of the folder, which
// is then on a shared file system.
var ErrElsewhere = errors.New("another machine serves the engine of this folder")

// ErrServed means that another process serves the engine.
var ErrServed = errors.New("another process serves the engine")

// errStarting means that another process has the lock and does not serve yet.
var errStarting = errors.New("another process starts the engine")

// dialTimeout is how long a connection on loopback may take.
const dialTimeout = 2 * time.Second

// Engine is the engine of a folder, as one process sees it. It is safe for concurrent use. The
// zero value cannot be used, see New.
type Engine struct {
	Config

	start Start

	mu     sync.Mutex
	closed bool
	token  string // of the engine that was dialed last
	holder int    // ID of the process that had the lock at the last Dial; 0: this process, or it is not known
	lock   *os.File
	server Server // nil: this process does not serve
}

// New returns an engine. Nothing is started before the first Dial.
func New(cfg Config, start Start) *Engine {
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	return &Engine{Config: cfg, start: start}
}

// Dial connects to the engine. If no process serves it, this process does, until Close. The
// arguments are ignored, because the port changes with the process that serves.
//
// An error may be temporary: another process may have just died, or may be starting the
// engine. The error Is ErrElsewhere if it is not temporary for this reason.
func (e *Engine) Dial(string, string) (net.Conn, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, net.ErrClosed
	}
	if e.server == nil {
		if err := e.tryServe(); err != nil && !errors.Is(err, filelock.ErrLocked) {
			return nil, err
		}
	}
	e.holder = 0
	if e.server != nil {
		return dial(e.server.Addr())
	}
	// The address is read after the lock was found to be taken. A process that is dead has no
	// lock, so no other program can have taken its port.
	at, err := readAddress(e.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errStarting
	case err != nil:
		return nil, err
	case at.Host != hostName():
		return nil, fmt.Errorf("%w: %s", ErrElsewhere, at.Host)
	}
	e.holder = at.PID
	if at.Addr == "" {
		return nil, errStarting
	}
	conn, err := dial(at.Addr)
	if err == nil {
		e.token = at.Token
	}
	return conn, err
}

// Holder returns the ID of the process on this machine that serves or starts the engine, as the
// last Dial found it. It is 0 if this process serves, or if the process is not known.
func (e *Engine) Holder() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.holder
}

// Serve serves the engine in this process, until Close. The error Is ErrServed if another
// process does.
func (e *Engine) Serve() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		return net.ErrClosed
	case e.server != nil:
		return nil
	}
	err := e.tryServe()
	if errors.Is(err, filelock.ErrLocked) {
		return ErrServed
	}
	return err
}

// Addr returns the host and the port of the engine, or "" if this process does not serve it.
func (e *Engine) Addr() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.server == nil {
		return ""
	}
	return e.server.Addr()
}

// Token returns the token of the engine that Dial has connected to last.
func (e *Engine) Token() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.token
}

// IsServing reports whether this process serves the engine.
func (e *Engine) IsServing() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.server != nil
}

// Close ends the engine if this process serves it. Another process takes over at its next
// Dial.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	if e.server == nil {
		return nil
	}
	e.server.Close()
	e.server = nil
	return e.release(os.Remove(filepath.Join(e.Dir, addressFile)))
}

// tryServe serves the engine if no other process does. The error Is filelock.ErrLocked if one
// does.
func (e *Engine) tryServe() error {
	if err := prepare(e.Dir); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(e.Dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := filelock.TryLock(f); err != nil {
		_ = f.Close()
		return err
	}
	e.lock = f
	// The address of a process that was killed leads to any program by now.
	self := address{Host: hostName(), PID: os.Getpid()}
	if err := writeAddress(e.Dir, self); err != nil {
		return e.release(err)
	}
	cfg := e.Config
	cfg.Dir = filepath.Join(e.Dir, dataFolder)
	if cfg.Token == "" {
		cfg.Token = rand.Text()
	}
	server, err := e.start(cfg)
	if err != nil {
		return e.release(errors.Join(fmt.Errorf("start the engine: %w", err), os.Remove(filepath.Join(e.Dir, addressFile))))
	}
	self.Addr, self.Token = server.Addr(), cfg.Token
	if err := writeAddress(e.Dir, self); err != nil {
		server.Close()
		return e.release(err)
	}
	e.server, e.token = server, cfg.Token
	e.Log.LogAttrs(context.Background(), slog.LevelDebug, "serving the engine", slog.String("addr", server.Addr()), slog.String("folder", e.Dir))
	return nil
}

// release frees the lock and returns err.
func (e *Engine) release(err error) error {
	filelock.Unlock(e.lock)
	_ = e.lock.Close()
	e.lock = nil
	return err
}

func dial(addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	return new(net.Dialer).DialContext(ctx, "tcp", addr)
}

// hostName returns a name that tells machines with a shared folder apart.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}
