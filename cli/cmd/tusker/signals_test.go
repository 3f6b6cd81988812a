//go:build !windows

package main

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tusker-go/tusker/testserver"
)

// A program that gets two signals at the same time, such as from timeout(1) or a wrapper
// that forwards Ctrl-C, still prints its last message.
func TestSignalTwiceAtOnce(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	cmd := exec.CommandContext(t.Context(), "tusker", "info", "http://"+l.Addr().String()+"/1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
		t.Fatal(err)
	}
	// The system may merge two equal signals.
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	ended, ok := errors.AsType[*exec.ExitError](cmd.Wait())
	if !ok || ended.ExitCode() != 130 || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("the command ended with %v and %q, want code 130 and a message", ended, &stderr)
	}
}

// The first Ctrl-C makes the program ask how much the server has. The second one skips the
// question, and the program still prints its last message.
func TestSecondSignalSkipsTheQuestion(t *testing.T) {
	server, err := testserver.Start(testserver.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	asked, left := make(chan struct{}), make(chan struct{})
	server.Inject(testserver.Fault{Method: http.MethodHead, Do: testserver.ActionFunc(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		close(asked)
		<-r.Context().Done()
		close(left)
	})})
	arrived := arrival(server, "PATCH@1048576")
	file := filepath.Join(t.TempDir(), "a.bin")
	if err := os.WriteFile(file, make([]byte, 4<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "tusker", "upload", "--state-dir", t.TempDir(), server.URL(), file)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	interrupt := func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
	}
	<-arrived
	interrupt()
	<-asked
	// A signal that follows at once counts as the same one.
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for waiting := true; waiting; {
		select {
		case <-ticker.C:
			interrupt()
		case <-left:
			waiting = false
		}
	}
	ended, ok := errors.AsType[*exec.ExitError](cmd.Wait())
	if !ok || ended.ExitCode() != 130 || !strings.Contains(stderr.String(), "interrupted after sending ") {
		t.Errorf("the command ended with %v and %q, want code 130 and a message", ended, &stderr)
	}
}
