//go:build linux

package main

import (
	"bytes"
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestPackages builds what a release has, from the last commit, and installs it. Usually that
// are the packages for this machine. With the version of a release in TUSKER_RELEASE, they are
// those of all platforms, and they are built twice.
func TestPackages(t *testing.T) {
	t.Parallel()
	version := os.Getenv("TUSKER_RELEASE")
	targets := all()
	args := []string{"-twice"}
	if version == "" {
		targets = []Target{host()}
		args = []string{"-targets", host().String()}
	}
	b := built{version: cmp.Or(version, "v0.0.1-test"), dir: filepath.Join(t.TempDir(), "dist")}
	args = append(args, "-version", b.version, "-proxy", packed(t, b.version), "-o", b.dir)
	var out bytes.Buffer
	if err := run(t.Context(), &out, args); err != nil {
		t.Fatal(err)
	}
	b.sums = out.String()
	t.Run("checksums", b.checksums)
	t.Run("deb", b.deb)
	t.Run("rpm", b.rpm)
	t.Run("image", b.image)
	for _, target := range targets {
		t.Run("archive for "+target.String(), func(t *testing.T) { b.archive(t, target) })
		t.Run("bill of materials for "+target.String(), func(t *testing.T) { b.bill(t, target) })
	}
}

// packed returns the URL of a module proxy with the version.
func packed(t *testing.T, version string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "run", "./integration/release", "pack", version, t.TempDir())
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "GOWORK=")
	// The name in the commits of a release is a part of the hash that the packages have, so it has
	// to be that of the real release, if the machine knows it.
	if exec.CommandContext(t.Context(), "git", "var", "GIT_COMMITTER_IDENT").Run() != nil {
		cmd.Env = append(cmd.Env,
			"GIT_CONFIG_COUNT=2",
			"GIT_CONFIG_KEY_0=user.name", "GIT_CONFIG_VALUE_0=test",
			"GIT_CONFIG_KEY_1=user.email", "GIT_CONFIG_VALUE_1=test@tus.example",
		)
	}
	return strings.TrimSpace(output(t, cmd))
}

// output returns the standard output of a program, which must succeed.
func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(cmd.Args, " "), err, out, stderr.String())
	}
	return string(out)
}

// missing skips the test, or fails it if TUSKER_INTEROP is "required".
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("TUSKER_INTEROP") == "required" {
		t.Fatalf("%s, but TUSKER_INTEROP is \"required\"", what)
	}
	t.Skip(what)
}

func TestParseTargets(t *testing.T) {
	t.Parallel()
	tests := []struct {
		list string
		want int // targets, 0 for an error
	}{
		{list: "", want: 6},
		{list: "linux/amd64", want: 1},
		{list: "linux/amd64,windows/arm64", want: 2},
		{list: "linux"},
		{list: "linux/amd64,"},
		{list: "/amd64"},
	}
	for _, tt := range tests {
		t.Run(tt.list, func(t *testing.T) {
			t.Parallel()
			targets, err := parseTargets(tt.list)
			if len(targets) != tt.want || (err != nil) != (tt.want == 0) {
				t.Errorf("got %v (%v), want %d targets", targets, err, tt.want)
			}
		})
	}
}
