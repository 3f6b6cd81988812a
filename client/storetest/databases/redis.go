package databases

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Redis starts redis-server. It writes each change to the disk before it answers. Without
// redis-server in the PATH, the test is skipped, or fails if the variable TUSKER_INTEROP is
// "required".
func Redis(t *testing.T) *Server {
	t.Helper()
	return start(t, redis{}, rand.Text())
}

// ForgetfulRedis starts redis-server as Redis does, but it writes nothing to the disk: after
// Restart it is empty.
func ForgetfulRedis(t *testing.T) *Server {
	t.Helper()
	return start(t, redis{args: []string{"--appendonly", "no"}}, rand.Text())
}

// RedisNodes starts two servers as Redis does, with the same password. They become a cluster
// when the test gives each its slots and introduces them (CLUSTER MEET).
func RedisNodes(t *testing.T) [2]*Server {
	t.Helper()
	k, password := redis{args: []string{"--cluster-enabled", "yes"}}, rand.Text()
	return [2]*Server{start(t, k, password), start(t, k, password)}
}

// redis is the kind of a server that gets further arguments.
type redis struct{ args []string }

func (redis) prepare(*Server) error { return nil }

func (k redis) command(s *Server) (*exec.Cmd, error) {
	path, err := look("redis-server")
	if err != nil {
		return nil, err
	}
	args := []string{
		"--bind", "127.0.0.1", "--port", strconv.Itoa(s.port), "--requirepass", s.password, "--masterauth", s.password,
		"--dir", s.dir, "--save", "", "--appendonly", "yes", "--appendfsync", "always",
	}
	return exec.CommandContext(s.t.Context(), path, append(args, k.args...)...), nil
}

// ready sends a PING. A server that loads its data refuses it.
func (redis) ready(s *Server) bool {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(s.t.Context(), "tcp", s.addr())
	if err != nil {
		return false
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return false
	}
	if _, err := fmt.Fprintf(c, "AUTH %s\r\nPING\r\n", s.password); err != nil {
		return false
	}
	answers := bufio.NewReader(c)
	for _, want := range []string{"+OK", "+PONG"} {
		line, err := answers.ReadString('\n')
		if err != nil || strings.TrimSpace(line) != want {
			return false
		}
	}
	return true
}

func (redis) url(s *Server) string {
	u := url.URL{Scheme: "redis", User: url.UserPassword("", s.password), Host: s.addr()}
	return u.String()
}
