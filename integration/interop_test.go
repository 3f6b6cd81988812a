package integration

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// nodeCommand returns a command that runs a program of testdata/interop with its options.
// The program ends when its standard input ends, so it cannot outlive this process.
func nodeCommand(t *testing.T, program string, options any) *exec.Cmd {
	t.Helper()
	dir, err := interopFolder()
	if err != nil {
		missing(t, err.Error())
	}
	arg, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", program, string(arg))
	cmd.Dir = dir
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// tusNodeOptions are the options of server.mjs.
type tusNodeOptions struct {
	Directory  string `json:"directory"`
	Expiration int    `json:"expiration"` // ms; 0: never
	Drain      int    `json:"drain"`      // ms
	MaxSize    int64  `json:"maxSize"`    // 0: no limit
	Finish     int    `json:"finish"`     // status of the answer that completes an upload; 0: that of the protocol
}

// tusNode is a process with @tus/server. Its socket stays open when the process is
// killed, so new connections wait for the next process.
type tusNode struct {
	url     string // the creation endpoint
	options tusNodeOptions
	socket  *os.File

	cmd    *exec.Cmd
	stdin  io.Closer
	stderr *bytes.Buffer
	logged chan struct{} // closed at the end of its output
	log    []string      // valid after logged is closed
}

// startTusNode starts a server that ends with the test. The defaults are a new folder and
// a short timeout for locks.
func startTusNode(t *testing.T, options tusNodeOptions) *tusNode {
	t.Helper()
	if _, err := interopFolder(); err != nil {
		missing(t, err.Error())
	}
	if options.Directory == "" {
		options.Directory = t.TempDir()
	}
	if options.Drain == 0 {
		options.Drain = 50
	}
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	s := &tusNode{url: "http://" + l.Addr().String() + "/files", options: options}
	if s.socket, err = l.(*net.TCPListener).File(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.stop(t)
		_ = s.socket.Close()
		if t.Failed() {
			t.Logf("server.mjs: %s\n%s", s.stderr, strings.Join(s.log, " "))
		}
	})
	s.start(t)
	return s
}

// start runs a server with the current options. No other server may be running.
func (s *tusNode) start(t *testing.T) {
	t.Helper()
	s.cmd = nodeCommand(t, "server.mjs", s.options)
	s.cmd.ExtraFiles = []*os.File{s.socket}
	s.stderr = new(bytes.Buffer)
	s.cmd.Stderr = s.stderr
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.logged = make(chan struct{})
	ready := make(chan struct{})
	go func() {
		defer close(s.logged)
		lines := bufio.NewScanner(stdout)
		if lines.Scan() {
			close(ready)
		}
		for lines.Scan() {
			s.log = append(s.log, lines.Text())
		}
	}()
	select {
	case <-ready:
	case <-s.logged:
		s.stop(t)
		t.Fatalf("server.mjs did not start: %s", s.stderr)
	}
}

// stop kills the server.
func (s *tusNode) stop(t *testing.T) {
	t.Helper()
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.logged
	err := s.cmd.Wait()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Error(err)
	}
	s.cmd = nil
}

// requests ends the server and returns the requests to all servers: the method, and the
// offset of a PATCH.
func (s *tusNode) requests(t *testing.T) []string {
	t.Helper()
	s.stop(t)
	return s.log
}

// count ends the server and returns the number of requests with this prefix.
func (s *tusNode) count(t *testing.T, method string) int {
	t.Helper()
	return len(slices.DeleteFunc(slices.Clone(s.requests(t)), func(r string) bool { return !strings.HasPrefix(r, method) }))
}

// file returns the name of the file with the stored bytes of an upload.
func (s *tusNode) file(uploadURL string) string {
	return filepath.Join(s.options.Directory, path.Base(uploadURL))
}

func (s *tusNode) check(t *testing.T, uploadURL string, want []byte) {
	t.Helper()
	checkFile(t, s.file(uploadURL), want)
}

// dialing returns a Doer that connects to addr for each URL.
func dialing(t *testing.T, addr string) transport.Doer {
	t.Helper()
	doer := nethttp.New(nethttp.Config{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addr)
	}})
	t.Cleanup(doer.CloseIdleConnections)
	return doer
}

func checkFile(t *testing.T, name string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(name)
	if err != nil {
		t.Error(err)
		return
	}
	if sha256.Sum256(got) != sha256.Sum256(want) {
		t.Errorf("the server has %d bytes, which differ; want %d", len(got), len(want))
	}
}

// uploads returns the URLs of all stored uploads.
func (s *tusNode) uploads(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.options.Directory, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range files {
		files[i] = s.url + "/" + strings.TrimSuffix(filepath.Base(name), ".json")
	}
	return files
}
