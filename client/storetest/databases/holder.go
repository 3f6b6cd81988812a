package databases

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/journal"
)

// envProcess has the URL of the server for a process that another test started.
const envProcess = "TUSKER_DATABASE_PROCESS"

// ProcessURL returns the URL of the server in a process that [KillHolder] or [AddTogether] started.
// In any other process, it skips the test.
func ProcessURL(t *testing.T) string {
	t.Helper()
	url := os.Getenv(envProcess)
	if url == "" {
		t.Skip("this test only runs in the process of another test")
	}
	return url
}

// Hold takes a lock by lock, and keeps it until the process is killed.
func Hold(t *testing.T, lock func(context.Context) error) {
	t.Helper()
	err := lock(t.Context())
	// The other process takes the lock for moments, to see whether it is held.
	for errors.Is(err, journal.ErrBusy) {
		Pause(t)
		err = lock(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	<-t.Context().Done()
}

// KillHolder runs the test called holder, which calls [Hold], in a process of its own, kills the
// process when it has the lock, and returns when take has got the lock. Take releases the lock at
// once.
func KillHolder(t *testing.T, server *Server, holder string, take func(context.Context) error) {
	t.Helper()
	process := startTest(t, server, holder)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = process.Wait() // its output says more
	}()
	for !errors.Is(take(t.Context()), journal.ErrBusy) {
		select {
		case <-ended:
			t.Fatalf("the process ended too early:\n%s", process.Stdout)
		default:
			Pause(t)
		}
	}
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
	err := take(t.Context())
	for ; errors.Is(err, journal.ErrBusy); err = take(t.Context()) {
		Pause(t)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// startTest starts a process that runs one test of this program.
func startTest(t *testing.T, server *Server, test string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	process := exec.CommandContext(t.Context(), self, "-test.run=^"+test+"$")
	out := new(bytes.Buffer)
	process.Stdout, process.Stderr = out, out
	process.Env = append(os.Environ(), envProcess+"="+server.URL())
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	return process
}

// Pause waits before a test asks a server again.
func Pause(t *testing.T) {
	t.Helper()
	select {
	case <-time.After(startPoll):
	case <-t.Context().Done():
		t.Fatal(context.Cause(t.Context()))
	}
}
