package integration

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// The output of the commands is for scripts: upload prints only the URL, and metadata
// prints a line for each key.
func parityCommands(t *testing.T) {
	t.Parallel()
	program := buildTusker(t)
	srv := testserver.New(t, testserver.Config{})
	file := filepath.Join(t.TempDir(), "elephant.txt")
	data := content(1000)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}

	url, ok := strings.CutSuffix(runTusker(t, program, "upload", srv.URL(), file, "--metadata", "note=a: b\n\x07é", "--metadata", "flag", "--metadata", "mime_type=text/x-elephant"), "\n")
	if !ok || !strings.HasPrefix(url, srv.URL()) || strings.ContainsAny(url, " \n") {
		t.Fatalf("upload printed %q, want the URL on a line", url)
	}
	checkStored(t, srv, url, data)
	info, err := srv.Info(url)
	if err != nil {
		t.Fatal(err)
	}
	want := protocol.Metadata{
		"filename": "elephant.txt", "filetype": "text/plain", "mime_type": "text/x-elephant",
		"note": "a: b\n\x07é", "flag": "",
	}
	if diff := cmp.Diff(want, info.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}

	got := runTusker(t, program, "metadata", url)
	const lines = "filename: elephant.txt\nfiletype: text/plain\nflag\nmime_type: text/x-elephant\nnote: a: b\\n\\aé\n"
	if diff := cmp.Diff(lines, got); diff != "" {
		t.Errorf("metadata printed (-want +got):\n%s", diff)
	}

	cmd := exec.CommandContext(t.Context(), program, "metadata", srv.URL()+"nothing")
	if out, err := cmd.Output(); err == nil || len(out) > 0 {
		t.Errorf("metadata of an unknown upload: error %v, printed %q", err, out)
	}
}

// buildTusker builds the program from the workspace and returns its path.
func buildTusker(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "tusker")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/tusker")
	cmd.Dir = filepath.Join("..", "cli")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// runTusker returns the standard output of a command, which must succeed.
func runTusker(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "TUSKER_") }),
		"XDG_STATE_HOME="+t.TempDir())
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("tusker %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String()
}
