package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// tools are the paths of the programs that take part. "" means that the program is
// not installed.
type tools struct {
	server, raw, tusgo, gotus, tusker string
	curl, node, cat                   string
	script                            string // path of the script that uses tus-js-client
}

//go:embed tusjs/package.json tusjs/package-lock.json tusjs/upload.mjs
var tusjs embed.FS

// build compiles the Go programs into dir, and finds the others.
func build(ctx context.Context, dir string, say func(string, ...any)) (*tools, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return nil, err
	}
	t := &tools{}
	for _, p := range []struct {
		path     *string
		name, in string
		pkg      string
		work     string
	}{
		{&t.server, "server", root, "./server", "off"},
		{&t.raw, "raw", root, "./raw", "off"},
		{&t.tusgo, "tusgo", root, "./tusgo", "off"},
		{&t.gotus, "gotus", root, "./gotus", "off"},
		{&t.tusker, "tusker", filepath.Join(root, "..", "..", "cli"), "./cmd/tusker", ""}, // built from the workspace
	} {
		*p.path = filepath.Join(dir, p.name)
		if runtime.GOOS == "windows" {
			*p.path += ".exe"
		}
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", *p.path, p.pkg)
		cmd.Dir = p.in
		cmd.Env = append(os.Environ(), "GOWORK="+p.work)
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("go build %s: %w\n%s", p.pkg, err, out)
		}
	}
	t.curl, t.cat = find("curl"), find("cat")
	if t.node = find("node"); t.node != "" {
		if t.script, err = installScript(ctx, filepath.Join(dir, "tusjs")); err != nil {
			say("without tus-js-client: %v", err)
		}
	}
	return t, nil
}

func moduleRoot(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/tusker-go/tusker/integration/bench")
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("run it in the folder of its module: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// find returns the path of a program, or "" if it is not installed.
func find(name string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	return path
}

// installScript runs npm to install the packages in the lock file.
func installScript(ctx context.Context, dir string) (string, error) {
	npm := find("npm")
	if npm == "" {
		return "", errors.New("no npm")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	files, err := tusjs.ReadDir("tusjs")
	if err != nil {
		return "", err
	}
	for _, f := range files {
		content, err := tusjs.ReadFile("tusjs/" + f.Name())
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name()), content, 0o644); err != nil {
			return "", err
		}
	}
	cmd := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return filepath.Join(dir, "upload.mjs"), nil
}
