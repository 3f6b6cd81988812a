// Package databases starts real Redis and PostgreSQL servers for the tests of a Store. It
// needs their programs, and no server that runs already: each server has an empty folder of
// its own, a free port on the loopback address and a random password.
package databases

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	// startTimeout is how long a server may take to start, on a busy machine.
	startTimeout = time.Minute

	// startPoll is how long to wait before the next look at a server that starts.
	startPoll = 20 * time.Millisecond
)

// errMissing means that the program of a server is not installed.
var errMissing = errors.New("is not installed")

// Server is a server that runs until the end of the test. Its methods must not be called
// concurrently.
type Server struct {
	t        *testing.T
	dir      string
	port     int
	password string
	kind     kind
	process  *process
}

// kind is what the two servers differ in.
type kind interface {
	// prepare fills the folder of the server, before its first start.
	prepare(s *Server) error
	// command returns the program and its arguments, without a start.
	command(s *Server) (*exec.Cmd, error)
	// ready reports whether the server answers.
	ready(s *Server) bool
	url(s *Server) string
}

// start starts a server, or skips the test if its program is missing.
func start(t *testing.T, k kind, password string) *Server {
	t.Helper()
	s, err := newServer(t, k, password)
	switch {
	case err == nil:
	case !errors.Is(err, errMissing):
		t.Fatalf("error %v, want %v", err, errMissing)
	case os.Getenv("TUSKER_INTEROP") == "required":
		t.Fatalf("%v, but TUSKER_INTEROP is \"required\"", err)
	default:
		t.Skip(err)
	}
	return s
}

func newServer(t *testing.T, k kind, password string) (*Server, error) {
	t.Helper()
	s := &Server{t: t, kind: k, password: password}
	if _, err := k.command(s); err != nil {
		return nil, err
	}
	var err error
	if s.dir, err = os.MkdirTemp("", "db"); err != nil { //nolint:usetesting // t.TempDir is in a folder that the user of the server cannot enter
		return nil, err
	}
	t.Cleanup(func() {
		s.Kill()
		if err := os.RemoveAll(s.dir); err != nil {
			t.Error(err)
		}
	})
	if s.port, err = freePort(t.Context()); err != nil {
		return nil, err
	}
	if err := k.prepare(s); err != nil {
		return nil, err
	}
	return s, s.start()
}

// URL returns the address of the server with user and password, in the form that drivers
// parse.
func (s *Server) URL() string { return s.kind.url(s) }

// Kill ends the server at once, without time to store anything. It does nothing if the server
// does not run.
func (s *Server) Kill() {
	s.t.Helper()
	if s.process == nil {
		return
	}
	s.process.kill()
	s.process = nil
}

// Restart starts a server that was killed again, with its data and its address.
func (s *Server) Restart() {
	s.t.Helper()
	if err := s.start(); err != nil {
		s.t.Fatal(err)
	}
}

// start starts the server, and waits until it answers. A server that ends is started again:
// the children of a killed one may still hold its port or its memory.
func (s *Server) start() error {
	var said string
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); time.Sleep(startPoll) {
		if s.process == nil {
			cmd, err := s.kind.command(s)
			if err != nil {
				return err
			}
			// A child that stays behind does not keep the test waiting.
			cmd.WaitDelay = startTimeout
			if s.process, err = startProcess(cmd); err != nil {
				return err
			}
		}
		select {
		case <-s.process.done:
			said = s.process.out.String()
			s.process = nil
			continue
		default:
		}
		if s.kind.ready(s) {
			return nil
		}
	}
	if s.process != nil {
		s.Kill()
		said = "it does not answer"
	}
	return fmt.Errorf("start %T: %s", s.kind, strings.TrimSpace(said))
}

// process is a program that runs.
type process struct {
	cmd  *exec.Cmd
	out  bytes.Buffer // complete when done is closed
	done chan struct{}
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// freePort returns a port that no program used a moment ago. A node of a Redis cluster uses the
// port 10000 above, too.
func freePort(ctx context.Context) (int, error) {
	for {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := l.Addr().(*net.TCPAddr).Port
		if err := l.Close(); err != nil {
			return 0, err
		}
		if port < 1<<16-10000 {
			return port, nil
		}
	}
}

func (s *Server) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// look returns the path of a program.
func look(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s %w: %w", name, errMissing, err)
	}
	return path, nil
}
