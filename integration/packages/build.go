package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	cliModule = "github.com/tusker-go/tusker/cli"
	// commitVariable is the variable of the program that names its commit.
	commitVariable = cliModule + "/internal/version.commit"
)

// release is a version as a module proxy has it.
type release struct {
	Version string
	// Time is when the commit was made.
	Time time.Time
	// Commit is "" if the proxy does not name it.
	Commit string
}

// Number returns the version as packages have it, without a v.
func (r release) Number() string { return strings.TrimPrefix(r.Version, "v") }

// builder runs the go command with a module cache of its own, so that a version that was
// never published does not stay in the user's.
type builder struct {
	dir   string
	cache string
	env   []string
	// modules is the folder of the module cache.
	modules string
}

// resolve asks the proxies for the version.
func (b *builder) resolve(ctx context.Context, j Job) (release, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOPROXY", "GOMODCACHE").Output()
	if err != nil {
		return release{}, fmt.Errorf("go env: %w", err)
	}
	proxies, cache, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	proxies = "file://" + filepath.ToSlash(filepath.Join(cache, "cache", "download")) + "," + proxies
	if j.Proxy != "" {
		proxies = j.Proxy + "," + proxies
	}
	b.modules = filepath.Join(b.dir, "modules")
	b.env = append(os.Environ(),
		"GOPROXY="+proxies,
		"GOMODCACHE="+b.modules,
		"GOPATH="+filepath.Join(b.dir, "go"), "GOBIN=",
		"GOFLAGS=-modcacherw",
		"GOWORK=off", "GOENV=off", "GOTOOLCHAIN=local",
		"CGO_ENABLED=0", "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=",
	)
	if j.Proxy != "" {
		// The checksum database does not know a version before its release.
		b.env = append(b.env, "GONOSUMDB="+strings.TrimSuffix(cliModule, "/cli"))
	}
	if b.cache != "" {
		b.env = append(b.env, "GOCACHE="+b.cache)
	}
	text, err := b.run(ctx, nil, "go", "mod", "download", "-json", cliModule+"@"+j.Version)
	if err != nil {
		return release{}, err
	}
	var module struct{ Version, Info string }
	if err := json.Unmarshal([]byte(text), &module); err != nil {
		return release{}, fmt.Errorf("go mod download: %w", err)
	}
	data, err := os.ReadFile(module.Info)
	if err != nil {
		return release{}, err
	}
	var info struct {
		Time   time.Time
		Origin struct{ Hash string }
	}
	if err := json.Unmarshal(data, &info); err != nil {
		return release{}, fmt.Errorf("%s: %w", module.Info, err)
	}
	if info.Time.IsZero() {
		return release{}, fmt.Errorf("the module proxy does not say when %s was made", module.Version)
	}
	return release{Version: module.Version, Time: info.Time.UTC(), Commit: info.Origin.Hash}, nil
}

// build returns the path of the program for a platform.
func (b *builder) build(ctx context.Context, rel release, t Target) (string, error) {
	env := []string{"GOOS=" + t.OS, "GOARCH=" + t.Arch}
	flags := "-s -w -X " + commitVariable + "=" + cmp.Or(rel.Commit, "unknown")
	if _, err := b.run(ctx, env, "go", "install", "-trimpath", "-ldflags="+flags, cliModule+"/cmd/tusker@"+rel.Version); err != nil {
		return "", fmt.Errorf("%s: %w", t, err)
	}
	folder := filepath.Join(b.dir, "go", "bin")
	if t != host() {
		folder = filepath.Join(folder, t.OS+"_"+t.Arch)
	}
	return filepath.Join(folder, t.program()), nil
}

// run returns the standard output of a program.
func (b *builder) run(ctx context.Context, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = b.dir
	cmd.Env = append(slices.Clip(b.env), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}
