package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// describeMachine returns a line for each property of the machine that affects the
// figures.
func describeMachine(ctx context.Context, t *tools) []string {
	out := []string{fmt.Sprintf("%s, %d cores, %s/%s", processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)}
	if kernel := firstLine(ctx, "uname", "-sr"); kernel != "" {
		out = append(out, kernel)
	}
	out = append(out, runtime.Version())
	for _, program := range []string{t.curl, t.node} {
		if program == "" {
			continue
		}
		line := firstLine(ctx, program, "--version")
		if program == t.node {
			line = "node " + line
		}
		out = append(out, line)
	}
	return out
}

func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	defer func() { _ = f.Close() }()
	for s := bufio.NewScanner(f); s.Scan(); {
		if name, value, _ := strings.Cut(s.Text(), ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

// firstLine returns the first line of the output, or "" if the program fails.
func firstLine(ctx context.Context, program string, args ...string) string {
	out, err := exec.CommandContext(ctx, program, args...).Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(out), "\n")
	// The version of curl is enough, without its libraries.
	if fields := strings.Fields(line); len(fields) > 3 {
		line = strings.Join(fields[:2], " ")
	}
	return line
}
