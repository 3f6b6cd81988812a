package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// exitCode returns the exit code of a finished command.
func exitCode(ts *testscript.TestScript, err error) string {
	if err == nil {
		return "0"
	}
	ended, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		ts.Fatalf("%v", err)
	}
	return strconv.Itoa(ended.ExitCode())
}

func cmdExits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG...]")
	}
	if got := exitCode(ts, ts.Exec(args[1], args[2:]...)); got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// tusker returns a command that runs the program.
func tusker(ts *testscript.TestScript, args []string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), "tusker", args...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = os.Environ()
	for _, name := range append([]string{"HOME", "TMPDIR", "GORACE", "TUSKER_RETRY_MAX_WAIT", "XDG_STATE_HOME", "XDG_CONFIG_HOME"}, awsVariables...) {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	return cmd
}

func cmdInterrupt(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: interrupt METHOD CODE [ARG...]")
	}
	arrived := arrival(of(ts).server, args[0])
	cmd := tusker(ts, args[2:])
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	ts.Check(cmd.Start())
	select {
	case <-arrived:
	case <-time.After(patience):
		ts.Logf("no %s arrived", args[0])
	}
	ts.Check(cmd.Process.Signal(os.Interrupt))
	got := exitCode(ts, cmd.Wait())
	_, err := io.Copy(ts.Stdout(), &stdout)
	ts.Check(err)
	_, err = io.Copy(ts.Stderr(), &stderr)
	ts.Check(err)
	if got != args[1] {
		ts.Fatalf("exit code %s, want %s", got, args[1])
	}
}

// cmdKilled runs the program, and kills it as soon as the method arrives at the server.
func cmdKilled(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: killed METHOD [ARG...]")
	}
	arrived := arrival(of(ts).server, args[0])
	cmd := tusker(ts, args[1:])
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	ts.Check(cmd.Start())
	select {
	case <-arrived:
	case <-time.After(patience):
		ts.Logf("no %s arrived", args[0])
	}
	ts.Check(cmd.Process.Kill())
	if err := cmd.Wait(); err == nil {
		ts.Fatalf("the program ended before it was killed")
	}
}

// background is a running tusker serve.
type background struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
}

func (b *background) kill() {
	_ = b.cmd.Process.Kill()
	_ = b.cmd.Wait()
}

func cmdServe(ts *testscript.TestScript, _ bool, args []string) {
	inBackground(ts, append([]string{"serve"}, args...))
}

func cmdServeJobs(ts *testscript.TestScript, _ bool, args []string) {
	inBackground(ts, append([]string{"job", "serve"}, args...))
}

// inBackground starts tusker, and sets $SERVED to the first line that it prints.
func inBackground(ts *testscript.TestScript, args []string) {
	b := &background{cmd: tusker(ts, args)}
	b.cmd.Stderr = &b.stderr
	stdout, err := b.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(b.cmd.Start())
	of(ts).served = b
	url, err := bufio.NewReader(stdout).ReadString('\n')
	ts.Check(err)
	ts.Setenv("SERVED", strings.TrimSpace(url))
}

func cmdUnserve(ts *testscript.TestScript, _ bool, args []string) {
	b := of(ts).served
	of(ts).served = nil
	ts.Check(b.cmd.Process.Signal(os.Interrupt))
	got := exitCode(ts, b.cmd.Wait())
	_, err := io.Copy(ts.Stderr(), &b.stderr)
	ts.Check(err)
	if len(args) != 1 || got != args[0] {
		ts.Fatalf("exit code %s, want %v", got, args)
	}
}

func cmdMakeFile(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: makefile NAME SIZE")
	}
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	b := make([]byte, n)
	_, err = rand.NewChaCha8([32]byte{byte(n)}).Read(b)
	ts.Check(err)
	name := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(name, b, 0o600))
	// The time is in the past, because an upload of a large file that changed just now
	// waits.
	modified := time.Now().Add(-time.Hour)
	ts.Check(os.Chtimes(name, modified, modified))
}

func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 && len(args) != 2 {
		ts.Fatalf("usage: [!] await FILE [TEXT]")
	}
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if found := err == nil && (len(args) == 1 || strings.Contains(string(text), args[1])); found != neg {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s: %q, %v", args[0], text, err)
		}
	}
}

func cmdSetenv(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: setenv NAME FILE")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

func cmdEmpty(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: empty DIR")
	}
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(entries) > 0 {
		ts.Fatalf("%s holds %v", args[0], entries)
	}
}

func cmdLines(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: lines FILE NUMBER")
	}
	if got := strings.Count(ts.ReadFile(args[0]), "\n"); strconv.Itoa(got) != args[1] {
		ts.Fatalf("%s has %d lines, want %s", args[0], got, args[1])
	}
}

func cmdKey(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: key NAME DIR")
	}
	records, err := filepath.Glob(filepath.Join(ts.MkAbs(args[1]), "*.json"))
	ts.Check(err)
	if len(records) != 1 {
		ts.Fatalf("%s holds the records %v", args[1], records)
	}
	ts.Setenv(args[0], strings.TrimSuffix(filepath.Base(records[0]), ".json"))
}
