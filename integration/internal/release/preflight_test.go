package release_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/integration/internal/release"
)

func TestPreflight(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		version string
		tags    []string
		stray   string // a file that git does not know
		want    string // in the error; "" for none
	}{
		{name: "valid", version: "v0.2.0"},
		{name: "no prefix", version: "0.2.0", want: "no version like"},
		{name: "half a version", version: "v0.2", want: "no version like"},
		{name: "build metadata", version: "v0.2.0+linux", want: "no version like"},
		{name: "version 2 without a path suffix", version: "v2.0.0", want: "needs v2 at the end"},
		{name: "not in the changelog", version: "v0.3.0", want: "no section [0.3.0]"},
		{name: "release candidate", version: "v0.3.0-rc.1"},
		{
			name: "tag exists", version: "v0.2.0", tags: []string{"protocol/v0.2.0"},
			want: "the tag protocol/v0.2.0 exists",
		},
		{
			name: "older than an existing tag", version: "v0.2.0", tags: []string{"cli/v0.1.0", "cli/v0.10.0"},
			want: "the tag cli/v0.10.0 exists",
		},
		{
			name: "tag of the root exists", version: "v0.2.0", tags: []string{"v0.2.0"},
			want: "the tag v0.2.0 exists",
		},
		{
			name: "not committed", version: "v0.2.0", stray: "protocol/new.go",
			want: "changes that are not committed",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			repo := repository(t)
			for _, tag := range tt.tags {
				git(t, repo, "tag", tag)
			}
			if tt.stray != "" {
				write(t, repo, tt.stray, "package protocol\n")
			}
			err := release.Preflight(t.Context(), repo, tt.version)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("error %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
		})
	}
}

// Tag does not change the branch or the files. Only the tag of the command line has
// no replace directives.
func TestTag(t *testing.T) {
	t.Parallel()
	repo := repository(t)
	before := git(t, repo, "rev-parse", "HEAD")
	tags, err := release.Tag(t.Context(), repo, "v0.2.0")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(tags, " "), "v0.2.0 protocol/v0.2.0 cli/v0.2.0"; got != want {
		t.Errorf("tags %q, want %q", got, want)
	}
	if after := git(t, repo, "rev-parse", "HEAD"); after != before {
		t.Errorf("the branch moved from %s to %s", before, after)
	}
	if changes := git(t, repo, "status", "--porcelain"); changes != "" {
		t.Errorf("the working tree changed:\n%s", changes)
	}
	for tag, replaces := range map[string]bool{"protocol/v0.2.0": true, "cli/v0.2.0": false} {
		gomod := git(t, repo, "show", tag+":cli/go.mod")
		if !strings.Contains(gomod, "protocol v0.2.0") {
			t.Errorf("%s: cli does not require the version:\n%s", tag, gomod)
		}
		if strings.Contains(gomod, "replace") != replaces {
			t.Errorf("%s: replace directives: %t, want %t", tag, !replaces, replaces)
		}
	}
	if sums := git(t, repo, "show", "cli/v0.2.0:cli/go.sum"); strings.Count(sums, "protocol v0.2.0") != 2 {
		t.Errorf("go.sum lacks a sum of protocol:\n%s", sums)
	}
}

func TestAPIDiffWithoutTags(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := release.APIDiff(t.Context(), repository(t), "v0.2.0", &out); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "protocol: no tag yet\n"; got != want {
		t.Errorf("output %q, want %q", got, want)
	}
}

// repository returns a repository with a library and a command line.
func repository(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	repo := t.TempDir()
	write(t, repo, "go.work", "go 1.26.0\n\nuse (\n\t./cli\n\t./protocol\n)\n")
	write(t, repo, "CHANGELOG.md", "# Changelog\n\n## [0.2.0] - 2026-01-01\n")
	write(t, repo, "LICENSE", "none\n")
	write(t, repo, "protocol/go.mod", "module github.com/tusker-go/tusker/protocol\n\ngo 1.26.0\n")
	write(t, repo, "protocol/doc.go", "package protocol\n")
	write(t, repo, "cli/go.mod", `module github.com/tusker-go/tusker/cli

go 1.26.0

require github.com/tusker-go/tusker/protocol v0.0.0

replace github.com/tusker-go/tusker/protocol => ../protocol
`)
	write(t, repo, "cli/go.sum", "")
	write(t, repo, "cli/main.go", "package main\n\nimport _ \"github.com/tusker-go/tusker/protocol\"\n\nfunc main() {}\n")
	git(t, repo, "init", "-q")
	for key, value := range map[string]string{
		"user.name": "test", "user.email": "test@tus.example",
		"commit.gpgsign": "false", "tag.gpgsign": "false", "core.autocrlf": "false",
	} {
		git(t, repo, "config", key, value)
	}
	git(t, repo, "add", "--all")
	git(t, repo, "commit", "-q", "-m", "first")
	return repo
}

func write(t *testing.T, repo, name, text string) {
	t.Helper()
	file := filepath.Join(repo, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func git(t *testing.T, repo string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = repo
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}
