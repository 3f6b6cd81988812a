package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tusker-go/tusker/testserver"
)

// A single status has the last failures, each time.
func TestJobStatusHasLastFailures(t *testing.T) {
	server := testserver.New(t, testserver.Config{})
	state, dir := t.TempDir(), filepath.Join(t.TempDir(), "photos")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "gone")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	job := func(args ...string) ([]byte, error) {
		cmd := exec.CommandContext(t.Context(), "tusker", append([]string{"job"}, args...)...)
		cmd.Env = append(os.Environ(), "TUSKER_STATE_DIR="+state, "TUSKER_CONFIG=", "GORACE=atexit_sleep_ms=0")
		return cmd.Output()
	}
	if _, err := job("add", "archive", server.URL(), "-r", dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := job("work", "archive", "--until-done"); err == nil {
		t.Error("a worker of a job with a failed file ended with 0")
	}
	for range 3 {
		out, err := job("status", "archive", "--json")
		if err != nil {
			t.Fatal(err)
		}
		var status struct {
			Failures []struct{ Item, Class string }
		}
		if err := json.Unmarshal(out, &status); err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		if len(status.Failures) != 1 || status.Failures[0].Item != "photos:gone" || status.Failures[0].Class != "missing" {
			t.Errorf("failures %+v in %s", status.Failures, out)
		}
	}
}
