package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

const (
	// address is the default address of the server, which README has, too.
	address = "127.0.0.1:1080"

	// rate is the rate of the upload. It leaves time to press Ctrl-C.
	rate = "8MiB/s"

	// interruptAt is the progress of the largest file, in percent, at which Ctrl-C is pressed.
	interruptAt = 45
)

// step is a command of the session.
type step struct {
	command   string
	interrupt bool // Ctrl-C is pressed while the command runs
}

// session returns the steps in their order.
func session() []step {
	const upload = "tusker upload -r http://" + address + "/files/ photos"
	return []step{{upload, true}, {upload, false}, {"tusker uploads list", false}}
}

// commands returns the command line of each step.
func commands() []string {
	var all []string
	for _, s := range session() {
		all = append(all, s.command)
	}
	return all
}

// record runs the session in dir.
func record(ctx context.Context, dir, program string) ([]frame, error) {
	if err := makePhotos(filepath.Join(dir, "photos")); err != nil {
		return nil, err
	}
	stop, err := serve(ctx, dir, program)
	if err != nil {
		return nil, err
	}
	defer stop()
	shell := exec.CommandContext(ctx, "bash", "--noprofile", "--norc")
	shell.Dir = dir
	shell.Env = []string{
		"PATH=" + filepath.Dir(program) + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"HOME=" + dir, "TERM=xterm-256color", "LANG=C.UTF-8", `PS1=\[\e[32m\]$\[\e[0m\] `, "TUSKER_LIMIT_RATE=" + rate,
	}
	t, err := startTerminal(shell)
	if err != nil {
		return nil, err
	}
	defer t.close()
	if err := t.wait(ctx, atPrompt); err != nil {
		return nil, err
	}
	for _, s := range session() {
		if err := t.do(ctx, s); err != nil {
			return nil, fmt.Errorf("%s: %w", s.command, err)
		}
	}
	return t.frames(), nil
}

// do types the command of a step, and waits until it ended.
func (t *terminal) do(ctx context.Context, s step) error {
	for _, r := range s.command {
		if err := t.typeKey(ctx, string(r), 45*time.Millisecond); err != nil {
			return err
		}
	}
	if err := t.typeKey(ctx, "\r", 300*time.Millisecond); err != nil {
		return err
	}
	if s.interrupt {
		if err := t.wait(ctx, halfSent); err != nil {
			return err
		}
		t.name("Ctrl-C")
		defer t.name("")
		if err := t.typeKey(ctx, "\x03", 0); err != nil {
			return err
		}
	}
	if err := t.wait(ctx, atPrompt); err != nil {
		return err
	}
	// A reader needs time for the messages of the command.
	return pause(ctx, 1500*time.Millisecond)
}

// atPrompt reports whether the shell waits for a command.
func atPrompt(s screen) bool { return s.last() == "$" }

var percent = regexp.MustCompile(`film\.mov +([0-9]+)%`)

// halfSent reports whether enough of the largest file is sent to interrupt its upload.
func halfSent(s screen) bool {
	match := percent.FindStringSubmatch(s.text())
	if match == nil {
		return false
	}
	n, err := strconv.Atoi(match[1])
	return err == nil && n >= interruptAt
}

// makePhotos creates the folder that is uploaded.
func makePhotos(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for name, mib := range map[string]int{"coast.jpg": 3, "film.mov": 36, "garden.jpg": 2} {
		content := make([]byte, mib<<20)
		source := rand.NewChaCha8([32]byte{byte(mib)})
		_, _ = source.Read(content) // The documentation says that there is no error.
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// serve starts the server and waits until it listens.
func serve(ctx context.Context, dir, program string) (stop func(), err error) {
	server := exec.CommandContext(ctx, program, "serve", "--addr", address, filepath.Join(dir, "store"))
	server.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}
	server.Cancel = func() error { return server.Process.Signal(os.Interrupt) }
	server.WaitDelay = 5 * time.Second
	out, err := server.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var messages bytes.Buffer
	server.Stderr = &messages
	if err := server.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		_ = server.Process.Signal(os.Interrupt)
		_ = server.Wait()
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		stop()
		return nil, fmt.Errorf("the server does not listen on %s: %w\n%s", address, err, messages.Bytes())
	}
	return stop, nil
}

// pause waits, so that a reader of the picture can follow.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
