package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/testserver"
)

// killer kills the process at some of the requests that create an upload.
type killer struct {
	every int // the process is killed at each so many requests

	mu      sync.Mutex
	process *os.Process
	count   int
}

// requested counts a request whose upload is complete on the server.
func (k *killer) requested() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.count++; k.count%k.every == 0 {
		_ = k.process.Kill()
	}
}

// A batch whose runs are killed again and again is completed by the same command. Results that a
// killed run has printed stay valid, and only files that were under way are sent twice.
func TestBatchOfKilledRuns(t *testing.T) {
	const files, concurrency, most = 40, 3, 12
	server := testserver.New(t, testserver.Config{})
	k := &killer{every: 9}
	server.Inject(testserver.Fault{
		Method: http.MethodPost, Times: testserver.Always,
		Do: testserver.ActionFunc(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			next.ServeHTTP(w, r)
			k.requested()
		}),
	})
	dir, state := t.TempDir(), t.TempDir()
	for i := range files {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d", i)), fmt.Append(nil, i), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	printed := make(map[string]string) // URLs by file
	run := func() (complete bool) {
		cmd := exec.CommandContext(t.Context(), "tusker", "upload", "-r", "-q", "--config", "", "--state-dir", state,
			"--concurrency", fmt.Sprint(concurrency), server.URL(), dir)
		out, err := os.Create(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = out.Close() }()
		cmd.Stdout = out
		k.mu.Lock() // no request is counted before its process is known
		err = cmd.Start()
		k.process = cmd.Process
		k.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		complete = cmd.Wait() == nil
		text, err := os.ReadFile(out.Name())
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			url, file, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			if before := printed[file]; !ok || before != "" && before != url {
				t.Errorf("printed %q, and before %q", line, before)
			}
			printed[file] = url
		}
		return complete
	}
	runs := 1
	for ; !run(); runs++ {
		if runs == most {
			t.Fatalf("not complete after %d runs: %d files", runs, len(printed))
		}
	}
	if runs == 1 || len(printed) != files {
		t.Errorf("%d runs printed %d files, want %d in several runs", runs, len(printed), files)
	}
	for file, url := range printed {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := server.Bytes(url); err != nil || string(got) != string(want) {
			t.Errorf("%s is %q (%v), want %q", file, got, err, want)
		}
	}
	if n := server.Count(http.MethodPost); n > files+(runs-1)*concurrency {
		t.Errorf("%d uploads for %d files in %d runs", n, files, runs)
	}
}
