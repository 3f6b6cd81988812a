package main

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/testserver"
)

// unread runs the program, in that folder, with a pipe as standard output whose reader has ended. It
// returns the exit code and standard error.
func unread(t *testing.T, dir string, args ...string) (code int, said string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := inFolder(t, dir, args...)
	cmd.Stdout, cmd.Stderr = w, &stderr
	err = cmd.Run()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		return ended.ExitCode(), stderr.String()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, stderr.String()
}

// inFolder returns a run of the program in a folder, which also has its state.
func inFolder(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "tusker", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TUSKER_STATE_DIR="+filepath.Join(dir, "state"))
	return cmd
}

// folder returns a new folder with these files, each of one byte.
func folder(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte{1}, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A command that only prints ends without a message when nothing reads its output, with the exit code
// that a shell has for a program that SIGPIPE ended. On Unix the system sends SIGPIPE.
func TestClosedPipe(t *testing.T) {
	server := testserver.New(t, testserver.Config{})
	dir := folder(t, "a", "b")
	for _, args := range [][]string{
		{"upload", "-q", server.URL(), "a"},
		{"job", "add", "-q", "j", server.URL(), "a", "b"},
		{"job", "work", "-q", "j", "--until-done"},
	} {
		if out, err := inFolder(t, dir, args...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
	uploads, err := server.Uploads()
	if err != nil {
		t.Fatal(err)
	}
	location := uploads[0]
	for _, args := range [][]string{
		{"version"},
		{"help", "upload"},
		{"completion", "bash"},
		{"profiles"},
		{"config", "show"},
		{"options", server.URL()},
		{"info", location},
		{"metadata", location},
		{"download", "-o", "-", location},
		{"job", "status", "j"},
		{"job", "results", "j"},
		{"job", "results", "j", "--json"},
		{"job", "list"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			if code, said := unread(t, dir, args...); code != 141 || said != "" {
				t.Errorf("exit code %d and %q, want 141 and no message", code, said)
			}
		})
	}
}

// An upload whose results nothing reads ends, and is not lost: standard error has the URL of each
// complete upload, and says how to resume the others.
func TestClosedPipeOfUpload(t *testing.T) {
	server := testserver.New(t, testserver.Config{})
	dir := folder(t, "a", "b", "c")
	// The first URL cannot be written, while the second file waits for an answer.
	server.Inject(testserver.Fault{Method: http.MethodPost}, testserver.Fault{Method: http.MethodPost, Do: testserver.Stall(0)})
	args := []string{"upload", "--concurrency", "1", server.URL(), "a", "b", "c"}
	code, said := unread(t, dir, args...)
	for _, want := range []string{
		"tusker: not written to standard output: " + server.URL(),
		"tusker: upload: standard output was closed: 1 of 3 files sent (1 B), ",
		"hint: run the same command again to resume\n",
	} {
		if code != 1 || !strings.Contains(said, want) {
			t.Errorf("exit code %d and %q, want 1 and %q", code, said, want)
		}
	}
	if code, said := unread(t, dir, "uploads"); code != 141 || said != "" {
		t.Errorf("the list of uploads: exit code %d and %q, want 141 and no message", code, said)
	}
	out, err := inFolder(t, dir, args...).Output()
	if err != nil || strings.Count(string(out), "\n") != 3 {
		t.Errorf("the same command again prints %q, error %v, want three lines and no error", out, err)
	}
}

// A worker that tells its events to nothing ends, gives its file back, and says so.
func TestClosedPipeOfWorker(t *testing.T) {
	server := testserver.New(t, testserver.Config{})
	dir := folder(t, "a")
	if out, err := inFolder(t, dir, "job", "add", "-q", "j", server.URL(), "a").CombinedOutput(); err != nil {
		t.Fatalf("job add: %v\n%s", err, out)
	}
	server.Inject(testserver.Fault{Method: http.MethodPost, Do: testserver.Stall(0)})
	code, said := unread(t, dir, "job", "work", "j", "--until-done", "--json", "--drain", "0s")
	for _, want := range []string{"standard output was closed: the job is not done\n", "hint: run the same command again to continue"} {
		if code != 1 || !strings.Contains(said, want) {
			t.Errorf("exit code %d and %q, want 1 and %q", code, said, want)
		}
	}
	if out, err := inFolder(t, dir, "job", "work", "-q", "j", "--until-done").CombinedOutput(); err != nil {
		t.Errorf("the same command again: %v\n%s", err, out)
	}
}
