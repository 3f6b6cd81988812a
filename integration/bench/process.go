package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// longest is a time limit that no successful run of a row with peers reaches.
const longest = 2 * time.Minute

// usage contains the total resources of a process.
type usage struct {
	wall   time.Duration
	cpu    time.Duration // user and system time
	memory int64         // largest resident set, in bytes
}

// measure runs a command until it ends, or until the time limit. If input is not "", standard input
// of the command is a pipe with the content of that file.
func measure(ctx context.Context, t *tools, c cmd, dir, input string, limit time.Duration) (usage, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out, err := os.Create(filepath.Join(dir, "output"))
	if err != nil {
		return usage{}, err
	}
	defer func() { _ = out.Close() }()
	p := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	p.Env = append(environment(), c.env...)
	// The output goes to a file, because this process would have to copy it from a
	// pipe.
	p.Stderr = out
	p.Dir = dir
	feeder, err := feed(ctx, t, p, input)
	if err != nil {
		return usage{}, err
	}
	defer feeder()

	began := time.Now()
	err = p.Run()
	u := usage{wall: time.Since(began)}
	if p.ProcessState != nil {
		u.cpu = p.ProcessState.UserTime() + p.ProcessState.SystemTime()
		u.memory = peakMemory(p.ProcessState)
	}
	switch {
	case err == nil:
		return u, nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return u, fmt.Errorf("not done after %v", limit)
	}
	said, _ := os.ReadFile(out.Name())
	if said = bytes.TrimSpace(said); len(said) > 0 {
		return u, fmt.Errorf("%w: %s", err, lastLine(said))
	}
	return u, err
}

// feed runs cat, which writes the file to the standard input of p.
func feed(ctx context.Context, t *tools, p *exec.Cmd, input string) (stop func(), err error) {
	if input == "" {
		return func() {}, nil
	}
	if t.cat == "" {
		return nil, errors.New("no cat to feed standard input")
	}
	cat := exec.CommandContext(ctx, t.cat, input)
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.Stdin, cat.Stdout = r, w
	err = cat.Start()
	_ = w.Close()
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	return func() {
		_ = r.Close() // Closing the pipe ends cat, even if p did not read everything.
		_ = cat.Wait()
	}, nil
}

// environment returns the environment of this process without variables that change
// how the programs work.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(s string) bool {
		name, _, _ := strings.Cut(s, "=")
		name = strings.ToLower(name)
		return strings.HasPrefix(name, "tusker_") || strings.HasSuffix(name, "_proxy") || strings.HasPrefix(name, "xdg_")
	})
}

// lastLine returns the last line that is not a hint, or the message of a panic, cut
// to a length that fits in a table.
func lastLine(said []byte) string {
	lines := strings.Split(string(said), "\n")
	last := ""
	for _, line := range slices.Backward(lines) {
		if strings.HasPrefix(line, "panic: ") {
			last = line
		}
		if last == "" && !strings.HasPrefix(line, "hint:") {
			last = line
		}
	}
	return last[:min(len(last), 200)]
}
