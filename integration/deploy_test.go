package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// systemd knows every setting of the units in docs/examples.
func TestUnits(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		missing(t, "systemd-analyze is not on this machine")
	}
	dir := t.TempDir()
	args := []string{"verify", "--man=no"}
	for _, name := range []string{"tusker-upload.service", "tusker-upload.timer"} {
		unit := text(t, filepath.Join("..", "docs", "examples", name))
		// The program has to exist.
		unit = strings.ReplaceAll(unit, "/usr/bin/tusker", "/bin/true")
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(unit), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
	}
	cmd := exec.CommandContext(t.Context(), "systemd-analyze", args...)
	// A warning about an unknown setting does not change the exit code.
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "tusker-upload") {
		t.Errorf("systemd-analyze: %v\n%s", err, out)
	}
}

// The service and the Job in docs/examples run commands that the program knows.
func TestExamplesOfDeployment(t *testing.T) {
	t.Parallel()
	program := buildTusker(t)
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a.txt"), []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, example := range map[string]struct{ start, end, folder string }{
		"tusker-upload.service": {"ExecStart=/usr/bin/tusker ", "\n", "/srv/outbox"},
		"kubernetes-job.yaml":   {"args: [", "]\n", "/data"},
	} {
		_, rest, _ := strings.Cut(text(t, filepath.Join("..", "docs", "examples", name)), example.start)
		command, _, found := strings.Cut(rest, example.end)
		args := strings.Fields(strings.NewReplacer(",", " ", `"`, "").Replace(command))
		if last := len(args) - 1; !found || args[last] != example.folder {
			t.Errorf("%s: the command is %q, want one that ends with %s", name, command, example.folder)
			continue
		}
		args[len(args)-1] = folder
		if out := runTusker(t, program, append([]string{args[0], "--dry-run"}, args[1:]...)...); !strings.Contains(out, "a.txt") {
			t.Errorf("%s: the command %q does not send the file: %s", name, args, out)
		}
	}
}
