package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// holderKiller kills the process that serves the engine of a state folder at each so many
// uploads.
type holderKiller struct {
	state string
	every int

	mu    sync.Mutex
	count int
	kills int
}

// sent counts a request with the bytes of a file.
func (k *holderKiller) sent() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.count++; k.count%k.every != 0 {
		return
	}
	var at struct{ PID int }
	text, err := os.ReadFile(filepath.Join(k.state, "engine", "address"))
	if err != nil || json.Unmarshal(text, &at) != nil {
		return // a process is taking over
	}
	if p, err := os.FindProcess(at.PID); err == nil && p.Kill() == nil {
		k.kills++
	}
}

// Several workers on one machine share a job without a setup. The one that serves the engine is
// killed again and again. Each file has one finished upload, and its URL is in the results.
func TestJobOfKilledHolders(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a killed process keeps its files open for a while on Windows")
	}
	const files, workers, most = 60, 4, 40
	server := testserver.New(t, testserver.Config{})
	state := t.TempDir()
	k := &holderKiller{state: state, every: 12}
	server.Inject(testserver.Fault{
		Method: http.MethodPatch, Times: testserver.Always,
		Do: testserver.ActionFunc(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			next.ServeHTTP(w, r)
			k.sent()
		}),
	})
	dir := filepath.Join(t.TempDir(), "photos")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range files {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d", i)), fmt.Append(nil, i), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	job := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "tusker", append([]string{"job"}, args...)...)
		cmd.Env = append(os.Environ(), "TUSKER_STATE_DIR="+state, "TUSKER_CONFIG=", "TUSKER_RETRY_MAX_WAIT=5ms", "GORACE=atexit_sleep_ms=0")
		return cmd
	}
	if out, err := job("add", "archive", server.URL(), "-r", dir, "--lease", "1s").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for range most {
				out, err := job("work", "archive", "--until-done", "--concurrency", "2").CombinedOutput()
				if err == nil {
					return
				}
				if err.Error() != "signal: killed" {
					t.Errorf("%v: %s", err, out)
					return
				}
			}
			t.Errorf("a worker was killed %d times", most)
		})
	}
	all.Wait()
	k.mu.Lock()
	kills := k.kills
	k.mu.Unlock()
	if kills == 0 {
		t.Error("no process was killed")
	}
	results := make(map[string]string) // URLs by file
	out, err := job("results", "archive").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		url, item, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if results[item] != "" {
			t.Errorf("%s has two results", item)
		}
		results[item] = url
		want, err := os.ReadFile(filepath.Join(dir, strings.TrimPrefix(item, "photos:")))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := server.Bytes(url); err != nil || string(got) != string(want) {
			t.Errorf("%s is %q (%v), want %q", item, got, err, want)
		}
	}
	uploads, err := server.Uploads()
	if err != nil {
		t.Fatal(err)
	}
	finished := 0
	for _, url := range uploads {
		if info, err := server.Info(url); err == nil && info.Length == protocol.Known(info.Offset) {
			finished++
		}
	}
	if len(results) != files || finished != files {
		t.Errorf("%d results and %d finished uploads after %d kills, want %d of each", len(results), finished, kills, files)
	}
}
