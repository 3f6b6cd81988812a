package localengine_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tusker-go/tusker/cli/internal/localengine"
)

// helperVariable is the variable with the folder of a process that shares an engine.
const helperVariable = "LOCALENGINE_TEST_DIR"

// newEngine returns an engine in dir.
func newEngine(dir string, start localengine.Start) *localengine.Engine {
	return localengine.New(localengine.Config{Dir: dir, Log: slog.New(slog.DiscardHandler)}, start)
}

// counter is an engine that reads a token and answers with the ID of the process that serves.
type counter struct {
	listener net.Listener
	token    string
	done     sync.WaitGroup
}

func startCounter(cfg localengine.Config) (localengine.Server, error) {
	dir, token := cfg.Dir, cfg.Token
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", cfg.Listen) //nolint:noctx // Close ends it.
	if err != nil {
		return nil, err
	}
	c := &counter{listener: listener, token: token}
	// Each process that serves adds a line to the data.
	f, err := os.OpenFile(filepath.Join(dir, "served"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintln(f, os.Getpid())
	c.done.Go(c.serve)
	return c, errors.Join(err, f.Close())
}

func (c *counter) serve() {
	for {
		conn, err := c.listener.Accept()
		if err != nil {
			return
		}
		line, _ := bufio.NewReader(conn).ReadString('\n')
		answer := "denied"
		if strings.TrimSpace(line) == c.token {
			answer = fmt.Sprint(os.Getpid())
		}
		_, _ = fmt.Fprintln(conn, answer)
		_ = conn.Close()
	}
}

func (c *counter) Addr() string { return c.listener.Addr().String() }

func (c *counter) Close() {
	_ = c.listener.Close()
	c.done.Wait()
}

// ask returns the ID of the process that serves.
func ask(e *localengine.Engine) (string, error) {
	conn, err := e.Dial("", "")
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintln(conn, e.Token()); err != nil {
		return "", err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimSpace(answer), err
}

// runHelper is the main function of a helper process: it answers each line on standard input
// with the ID of the process that serves the engine.
func runHelper(dir string) {
	e := newEngine(dir, startCounter)
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		for {
			pid, err := ask(e)
			if err == nil {
				fmt.Println(pid)
				break
			}
			if errors.Is(err, localengine.ErrElsewhere) {
				fmt.Println(err)
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	if err := e.Close(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// process is a helper process.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startProcess(t *testing.T, dir string) *process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), helperVariable+"="+dir, "GORACE=atexit_sleep_ms=0")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, in: in, out: bufio.NewReader(out)}
	t.Cleanup(p.kill)
	return p
}

func (p *process) id() string { return fmt.Sprint(p.cmd.Process.Pid) }

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// asks returns the ID of the process that serves, as p sees it.
func (p *process) asks(t *testing.T) string {
	t.Helper()
	if _, err := fmt.Fprintln(p.in); err != nil {
		t.Fatal(err)
	}
	answer, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(answer)
}

// One of several processes serves the engine. Each time it is killed, one of the others serves
// the same data, and all others use it.
func TestTakeover(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "engine")
	processes := make(map[string]*process)
	for range 5 {
		p := startProcess(t, dir)
		processes[p.id()] = p
	}
	served := 0
	for len(processes) > 0 {
		var answers sync.Map
		var all sync.WaitGroup
		for _, p := range processes {
			all.Go(func() { answers.Store(p.asks(t), true) })
		}
		all.Wait()
		var serving []string
		answers.Range(func(pid, _ any) bool { serving = append(serving, pid.(string)); return true })
		if len(serving) != 1 || processes[serving[0]] == nil {
			t.Fatalf("processes %v serve, want one of those that run", serving)
		}
		served++
		processes[serving[0]].kill()
		delete(processes, serving[0])
	}
	if served != 5 {
		t.Errorf("%d processes served, want each of 5", served)
	}
	data, err := os.ReadFile(filepath.Join(dir, "data", "served"))
	if err != nil || strings.Count(string(data), "\n") != served {
		t.Errorf("data %q, %v, want a line for each of %d", data, err, served)
	}
}

// A process that ends lets another one serve at once.
func TestClose(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := startProcess(t, dir), startProcess(t, dir)
	if got := first.asks(t); got != first.id() {
		t.Fatalf("%s serves, want %s", got, first.id())
	}
	if got := second.asks(t); got != first.id() {
		t.Fatalf("%s serves, want %s", got, first.id())
	}
	_ = first.in.Close()
	if err := first.cmd.Wait(); err != nil {
		t.Error(err)
	}
	if got := second.asks(t); got != second.id() {
		t.Errorf("%s serves, want %s", got, second.id())
	}
}

// Only the user can read the token, and use the folder, also if it existed with other
// permissions. The engine listens on loopback only.
func TestOnlyForTheUser(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("access lists decide on Windows")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // It is what the test is about.
		t.Fatal(err)
	}
	e := newEngine(dir, startCounter)
	if _, err := ask(e); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	for name, want := range map[string]os.FileMode{".": 0o700, "address": 0o600, "lock": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
	var at struct{ Addr, Token string }
	text, err := os.ReadFile(filepath.Join(dir, "address"))
	if err == nil {
		err = json.Unmarshal(text, &at)
	}
	host, _, _ := net.SplitHostPort(at.Addr)
	if err != nil || !net.ParseIP(host).IsLoopback() || len(at.Token) < 26 {
		t.Errorf("address %s, %v, want a loopback address and a long token", text, err)
	}
}

// A folder on a shared file system, whose engine another machine serves, is an error that names
// the machine. Nothing connects to its address.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := startProcess(t, dir)
	first.asks(t)
	file := filepath.Join(dir, "address")
	if err := os.WriteFile(file, []byte(`{"addr":"127.0.0.1:1","token":"t","host":"other.example"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	second := startProcess(t, dir)
	if got := second.asks(t); !strings.Contains(got, localengine.ErrElsewhere.Error()) || !strings.Contains(got, "other.example") {
		t.Errorf("error %q, want one that names the machine", got)
	}
}

// An engine that does not start leaves no lock behind.
func TestStartFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broken := errors.New("no room")
	e := newEngine(dir, func(localengine.Config) (localengine.Server, error) { return nil, broken })
	if _, err := e.Dial("", ""); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
	other := newEngine(dir, startCounter)
	if _, err := ask(other); err != nil || !other.IsServing() {
		t.Errorf("after a failed start: %v, serving %v", err, other.IsServing())
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	if _, err := other.Dial("", ""); !errors.Is(err, net.ErrClosed) {
		t.Errorf("dial after Close: %v, want %v", err, net.ErrClosed)
	}
}

// A process that holds the lock is known by its ID while it starts the engine, and while it serves.
func TestHolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	starting, proceed := make(chan struct{}), make(chan struct{})
	first := newEngine(dir, func(cfg localengine.Config) (localengine.Server, error) {
		close(starting)
		<-proceed
		return startCounter(cfg)
	})
	served := make(chan error)
	go func() { served <- first.Serve() }()
	<-starting
	second := newEngine(dir, startCounter)
	if _, err := second.Dial("", ""); err == nil {
		t.Error("there is an engine before it was started")
	}
	if got := second.Holder(); got != os.Getpid() {
		t.Errorf("process %d starts the engine, want %d", got, os.Getpid())
	}
	close(proceed)
	if err := <-served; err != nil {
		t.Fatal(err)
	}
	if _, err := ask(second); err != nil || second.Holder() != os.Getpid() {
		t.Errorf("process %d serves the engine, error %v, want %d", second.Holder(), err, os.Getpid())
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	if _, err := ask(second); err != nil || second.Holder() != 0 {
		t.Errorf("process %d serves the engine, error %v, want 0 for this one", second.Holder(), err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}
