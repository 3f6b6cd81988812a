//go:build !windows

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/tusker-go/tusker/testserver"
)

// A worker that also serves the engine of the machine gives its files back when it gets SIGTERM,
// and ends in time. Another worker, which had no free slot at that moment, has the files soon
// after, and does not wait for the end of their lease.
func TestJobOfDrainedHolder(t *testing.T) {
	const files, patience = 3, 30 * time.Second
	server := testserver.New(t, testserver.Config{})
	state := t.TempDir()
	dir := filepath.Join(t.TempDir(), "photos")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range files + 1 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), fmt.Append(nil, i), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// Each file hangs at its first PATCH, and the last one until it is released.
	hang, released := make(chan struct{}, files+1), make(chan struct{})
	server.Inject(testserver.Fault{
		Method: http.MethodPatch, Times: files,
		Do: testserver.ActionFunc(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
			hang <- struct{}{}
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		}),
	}, testserver.Fault{
		Method: http.MethodPatch,
		Do: testserver.ActionFunc(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			hang <- struct{}{}
			<-released
			next.ServeHTTP(w, r)
		}),
	})
	job := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "tusker", append([]string{"job"}, args...)...)
		cmd.Env = append(os.Environ(), "TUSKER_STATE_DIR="+state, "TUSKER_CONFIG=", "GORACE=atexit_sleep_ms=0")
		cmd.Stderr = os.Stderr
		return cmd
	}
	start := func(slots int) *exec.Cmd {
		cmd := job("work", "archive", "--until-done", "--drain", "1s", "--concurrency", fmt.Sprint(slots))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for range slots {
			select {
			case <-hang:
			case <-time.After(patience):
				t.Fatal("the worker sends nothing")
			}
		}
		return cmd
	}
	if err := job("add", "archive", server.URL(), "-r", dir, "--lease", "5m").Run(); err != nil {
		t.Fatal(err)
	}
	holder, other := start(files), start(1)
	var at struct{ PID int }
	if text, err := os.ReadFile(filepath.Join(state, "engine", "address")); err != nil || json.Unmarshal(text, &at) != nil || at.PID != holder.Process.Pid {
		t.Fatalf("the engine is served by %d (%v), want %d", at.PID, err, holder.Process.Pid)
	}
	began := time.Now()
	if err := holder.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait()
	t.Logf("the holder ended after %v", time.Since(began))
	ended := time.Now()
	close(released)
	done := make(chan error, 1)
	go func() { done <- other.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
		t.Logf("the other worker was done %v later", time.Since(ended))
	case <-time.After(2 * patience):
		t.Error("the other worker does not get the files")
		_ = other.Process.Kill()
		t.Log(<-done)
	}
}
