package integration

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/integration/internal/release"
)

// upstreamProxy returns the module proxies of this machine. The module cache is the first
// of them. If no proxy answers, the test is skipped.
func upstreamProxy(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		missing(t, "git is not on this machine")
	}
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOPROXY", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	proxies, cache, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	// The list does not include the repository, which may not exist or may have other
	// content.
	proxies = strings.Join(slices.DeleteFunc(strings.FieldsFunc(proxies, func(r rune) bool { return r == ',' || r == '|' }),
		func(p string) bool { return p == "direct" || p == "off" }), ",")
	if proxies == "" {
		missing(t, "GOPROXY names no module proxy")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	probe := exec.CommandContext(ctx, "go", "list", "-m", "github.com/google/go-cmp@latest")
	probe.Dir = t.TempDir()
	probe.Env = append(os.Environ(), "GOPROXY="+proxies, "GOWORK=off", "GOFLAGS=-mod=mod")
	if out, err := probe.CombinedOutput(); err != nil {
		missing(t, fmt.Sprintf("the module proxy %s does not answer: %v: %s", proxies, err, out))
	}
	return release.Proxy{Dir: filepath.Join(cache, "cache", "download")}.URL() + "," + proxies
}

// snapshot returns a repository with one commit of the current working tree.
func snapshot(t *testing.T) string {
	t.Helper()
	repo := t.TempDir()
	list := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		missing(t, "this is no git checkout: "+err.Error())
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(repo, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := stranger{T: t, dir: repo}
	s.run("git", "init", "-q")
	for key, value := range map[string]string{
		"user.name": "test", "user.email": "test@tus.example",
		"commit.gpgsign": "false", "tag.gpgsign": "false", "core.autocrlf": "false",
	} {
		s.run("git", "config", key, value)
	}
	s.run("git", "add", "--all")
	s.run("git", "commit", "-q", "-m", "the working tree")
	return repo
}

// strangersEnv returns the environment of a user who has these proxies and no module of
// Tusker in the module cache. The paths are trimmed, so that the build cache works with
// any folder of the module cache.
func strangersEnv(t *testing.T, proxies string) []string {
	t.Helper()
	return []string{
		"GOPROXY=" + proxies,
		"GOMODCACHE=" + t.TempDir(),
		"GOFLAGS=-modcacherw -trimpath",
		"GOWORK=off",
		"GOSUMDB=off",
		// With other values, the go command could use the repository instead of the
		// proxies.
		"GOENV=off", "GOPRIVATE=", "GONOPROXY=",
		"GOTOOLCHAIN=local",
	}
}

// stranger is a user with a new folder.
type stranger struct {
	*testing.T
	dir string
	env []string
}

// stranger creates a module that requires the named modules of Tusker in the version of
// the release.
func (r released) stranger(t *testing.T, require ...string) *stranger {
	t.Helper()
	s := &stranger{T: t, dir: t.TempDir(), env: slices.Clone(r.env)}
	if len(require) > 0 {
		s.run("go", "mod", "init", "example.com/stranger")
		for _, module := range require {
			s.run("go", "get", prefix+module+"@"+r.version)
		}
	}
	return s
}

func (s *stranger) write(name, text string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

// run returns the standard output of a program, which must succeed.
func (s *stranger) run(name string, args ...string) string {
	s.Helper()
	cmd := exec.CommandContext(s.Context(), name, args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), s.env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		s.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, stderr.String())
	}
	return string(out)
}

// list returns the lines of go list.
func (s *stranger) list(args ...string) []string {
	s.Helper()
	return strings.Split(strings.TrimSpace(s.run("go", append([]string{"list"}, args...)...)), "\n")
}

// reachesNone checks the packages that are built, including those of tests.
func (s *stranger) reachesNone(forbidden []string) {
	s.Helper()
	for _, pkg := range s.list("-deps", "-test", ".") {
		pkg, _, _ = strings.Cut(pkg, " ")
		if pattern := forbiddenBy(forbidden, pkg); pattern != "" {
			s.Errorf("built with %s (%s)", pkg, pattern)
		}
	}
}

// graphHasNone checks the module graph, which includes modules without a built package.
func (s *stranger) graphHasNone(forbidden []string) {
	s.Helper()
	for _, path := range s.list("-m", "-f", "{{.Path}}", "all") {
		if pattern := forbiddenBy(forbidden, path); pattern != "" {
			s.Errorf("the module graph has %s (%s)", path, pattern)
		}
	}
}

// sums returns a line with the hash of the archive of each module.
func (s *stranger) sums(modules []release.Module, version string) string {
	s.Helper()
	args := []string{"mod", "download", "-json"}
	for _, m := range modules {
		args = append(args, m.Path+"@"+version)
	}
	return strings.Join(regexp.MustCompile(`"Sum": "[^"]+"`).FindAllString(s.run("go", args...), -1), "\n")
}

// program returns the program of README.md or docs/library.md that has the given text.
func program(t *testing.T, text string) string {
	t.Helper()
	for _, page := range firstPages {
		for _, p := range programs(t, page) {
			if strings.Contains(p, text) {
				return p
			}
		}
	}
	t.Fatalf("no program has %q", text)
	return ""
}

// fill replaces the placeholders of a program with the values of the test.
func fill(t *testing.T, program, placeholder, value string) string {
	t.Helper()
	if !strings.Contains(program, placeholder) {
		t.Fatalf("the program has no %q to replace:\n%s", placeholder, program)
	}
	return strings.ReplaceAll(program, placeholder, value)
}
