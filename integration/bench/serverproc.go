package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/tusker-go/tusker/integration/bench/internal/control"
)

// server is a running server program.
type server struct {
	control.Ready
	cmd   *exec.Cmd
	stdin io.Closer
}

// startServer returns when the server listens. The caller stops it.
func startServer(ctx context.Context, program string, args ...string) (*server, error) {
	s := &server{cmd: exec.CommandContext(ctx, program, args...)}
	s.cmd.Stderr = os.Stderr
	stdin, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	s.stdin = stdin
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if err := json.NewDecoder(stdout).Decode(&s.Ready); err != nil {
		s.stop()
		return nil, fmt.Errorf("server %v: %w", args, err)
	}
	return s, nil
}

func (s *server) stop() {
	_ = s.stdin.Close()
	_ = s.cmd.Wait()
}

func (s *server) cpu() time.Duration { return cpuOf(s.cmd.Process.Pid) }

func (s *server) reset(ctx context.Context) error {
	return s.ask(ctx, http.MethodPost, "/reset", nil)
}

func (s *server) stats(ctx context.Context) (stats control.Stats, err error) {
	err = s.ask(ctx, http.MethodGet, "/stats", &stats)
	return stats, err
}

func (s *server) ask(ctx context.Context, method, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.Control+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= http.StatusBadRequest {
		words, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		return fmt.Errorf("%s %s: %s: %q", method, path, resp.Status, words)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(into)
}
