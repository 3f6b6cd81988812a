package databases

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// Postgres starts PostgreSQL with an empty database in UTF-8. The programs are those in the
// PATH, or else those in the folder where Debian installs them. Without them, the test is
// skipped, or fails if the variable TUSKER_INTEROP is "required". PostgreSQL does not run as
// root, so its programs run as the user postgres if the test runs as root.
func Postgres(t *testing.T) *Server {
	t.Helper()
	return start(t, postgres{}, rand.Text())
}

type postgres struct{}

// dataFolder is the folder of the database, below that of the server.
const dataFolder = "data"

func (k postgres) prepare(s *Server) error {
	initdb, err := k.program("initdb")
	if err != nil {
		return err
	}
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(s.password), 0o600); err != nil {
		return err
	}
	// Crashes of the system are not tested, so nothing has to wait for the disk.
	cmd := exec.CommandContext(s.t.Context(), initdb, "--pgdata", filepath.Join(s.dir, dataFolder), "--username", "tusker",
		"--pwfile", secret, "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync")
	if err := unprivileged(cmd, s.dir, secret); err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", initdb, err, out)
	}
	return nil
}

func (k postgres) command(s *Server) (*exec.Cmd, error) {
	path, err := k.program("postgres")
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(s.t.Context(), path, "-D", filepath.Join(s.dir, dataFolder), "-p", strconv.Itoa(s.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "shared_buffers=16MB")
	return cmd, unprivileged(cmd)
}

func (k postgres) ready(s *Server) bool {
	path, err := k.program("pg_isready")
	if err != nil {
		return false
	}
	return exec.CommandContext(s.t.Context(), path, "--quiet", "--timeout", strconv.Itoa(int(startTimeout/time.Second)),
		"--host", "127.0.0.1", "--port", strconv.Itoa(s.port)).Run() == nil
}

func (postgres) url(s *Server) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword("tusker", s.password), Host: s.addr(), Path: "/postgres", RawQuery: "sslmode=disable"}
	return u.String()
}

// program returns the path of a program of PostgreSQL. Debian has those of a server in the
// folder of each version, and not in the PATH.
func (postgres) program(name string) (string, error) {
	path, err := look(name)
	if err == nil {
		return path, nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		return "", err
	}
	// All programs are of the version that is last in the order of names.
	return slices.Max(found), nil
}
