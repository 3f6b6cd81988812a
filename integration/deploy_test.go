package integration

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// systemd knows every setting of the units in docs/examples.
func TestUnits(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not on this machine")
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

// kubectl knows every field of the Job in docs/examples: it drops fields that it does not know
// when it changes an object, and keeps them when it adds a label.
func TestKubernetesJob(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("kubectl"); err != nil {
		t.Skip("kubectl is not on this machine")
	}
	whole := filepath.Join("..", "docs", "examples", "kubernetes-job.yaml")
	objects := strings.Split(text(t, whole), "\n---\n")
	// Only objects with a template of a pod have an image.
	job := filepath.Join(t.TempDir(), "job.yaml")
	if err := os.WriteFile(job, []byte(objects[len(objects)-1]), 0o600); err != nil {
		t.Fatal(err)
	}
	written := kubernetesFields(t, "label", "--local", "-f", whole, "a=b", "-o", "json")
	known := kubernetesFields(t, "set", "image", "--local", "-f", job, "*=x", "-o", "json")
	for _, kind := range []string{"Job", "PersistentVolumeClaim"} {
		if len(written[kind]) == 0 {
			t.Errorf("the file has no %s", kind)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(written["Job"])) {
		if !known["Job"][field] && field != ".metadata.labels.a" {
			t.Errorf("a Job has no field %s", field)
		}
	}
}

// kubernetesFields returns the paths of the fields in the objects that kubectl prints, by kind.
func kubernetesFields(t *testing.T, args ...string) map[string]map[string]bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "kubectl", args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "KUBECONFIG=")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	kinds := make(map[string]map[string]bool)
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var object map[string]any
		if err := decoder.Decode(&object); errors.Is(err, io.EOF) {
			return kinds
		} else if err != nil {
			t.Fatal(err)
		}
		fields := make(map[string]bool)
		addFields(fields, "", object)
		kinds[fmt.Sprint(object["kind"])] = fields
	}
}

// addFields adds the paths of the leaves of value.
func addFields(fields map[string]bool, path string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for key, v := range value {
			addFields(fields, path+"."+key, v)
		}
	case []any:
		for i, v := range value {
			addFields(fields, fmt.Sprintf("%s[%d]", path, i), v)
		}
	default:
		fields[path] = true
	}
}

// The commands of the examples have only flags that the program has.
func TestExamplesOfDeployment(t *testing.T) {
	t.Parallel()
	program := buildTusker(t)
	file := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(file, []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tusker-upload.service", "kubernetes-job.yaml"} {
		example := text(t, filepath.Join("..", "docs", "examples", name))
		for _, flag := range []string{"--recursive", "--skip-sent"} {
			if !strings.Contains(example, flag) {
				t.Errorf("%s has no %s", name, flag)
			}
		}
	}
	runTusker(t, program, "upload", "--recursive", "--skip-sent", "--dry-run", "https://tus.example/files/", filepath.Dir(file))
}
