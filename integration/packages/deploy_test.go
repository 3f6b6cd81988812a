//go:build linux

package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// actionlint accepts the workflow in docs/deploy.md. It compares the inputs and outputs of the
// workflow with those of the action.
func TestActionExample(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	const action = ".github/actions/upload"
	if err := os.CopyFS(filepath.Join(root, action), os.DirFS(filepath.Join("../..", action))); err != nil {
		t.Fatal(err)
	}
	// actionlint looks for a repository around the workflow.
	for _, dir := range []string{".git", ".github/workflows"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	steps := blockOf(t, "../../docs/deploy.md", "steps:\n")
	const released = "tusker-go/tusker/" + action + "@v0.1.0"
	if !strings.Contains(steps, released) {
		t.Fatalf("the workflow does not use %s:\n%s", released, steps)
	}
	steps = strings.ReplaceAll(steps, released, "./"+action)
	text := "on: push\njobs:\n  upload:\n    runs-on: ubuntu-latest\n    " + strings.ReplaceAll(steps, "\n", "\n    ")
	workflow := filepath.Join(root, ".github/workflows/upload.yml")
	if err := os.WriteFile(workflow, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	problems, err := linter.LintFile(workflow, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
}

// Kubernetes knows every field of the objects in the documentation. Their pods have the user of
// the image, and this user can read the secret.
func TestKubernetesJobs(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../../docs/examples/kubernetes-job.yaml")
	if err != nil {
		t.Fatal(err)
	}
	claim, job, _ := strings.Cut(string(file), "\n---\n")
	decode(t, claim, &corev1.PersistentVolumeClaim{})
	for name, text := range map[string]string{
		"docs/examples/kubernetes-job.yaml": job,
		"docs/fleet.md":                     blockOf(t, "../../docs/fleet.md", "apiVersion: batch/v1\n"),
	} {
		var job batchv1.Job
		decode(t, text, &job)
		pod := job.Spec.Template.Spec
		if image := pod.Containers[0].Image; !strings.HasPrefix(image, "ghcr.io/tusker-go/tusker:") {
			t.Errorf("%s: the image is %s", name, image)
		}
		if pod.SecurityContext == nil || pod.SecurityContext.FSGroup == nil || *pod.SecurityContext.FSGroup != userID {
			t.Errorf("%s: the volumes do not have the group %d", name, userID)
		}
		secrets := 0
		for _, v := range pod.Volumes {
			if v.Secret == nil {
				continue
			}
			secrets++
			if mode := v.Secret.DefaultMode; mode == nil || *mode != 0o440 {
				t.Errorf("%s: the mode of the secret is not 0440, for the group of the user", name)
			}
		}
		if secrets == 0 {
			t.Errorf("%s: the pod has no secret", name)
		}
	}
}

// decode refuses fields that the type of the object does not have.
func decode(t *testing.T, text string, object any) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(text), object); err != nil {
		t.Errorf("%T: %v\n%s", object, err, text)
	}
}

// blockOf returns the block of code in a page that begins with start.
func blockOf(t *testing.T, page, start string) string {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(data), "```yaml\n"+start)
	block, _, closed := strings.Cut(rest, "```\n")
	if !found || !closed {
		t.Fatalf("%s has no block that begins with %q", page, start)
	}
	return start + block
}
