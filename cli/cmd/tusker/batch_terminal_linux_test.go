package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tusker-go/tusker/cli/internal/terminaltest"
	"github.com/tusker-go/tusker/testserver"
)

// openTerminal returns both ends of a new terminal of that size.
func openTerminal(t *testing.T, columns, rows uint16) (keyboard, screen *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no terminals: %v", err)
	}
	t.Cleanup(func() { _ = keyboard.Close() })
	fd := int(keyboard.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns})
	}
	if err != nil {
		t.Fatal(err)
	}
	if screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	return keyboard, screen
}

// onTerminal runs a shell command in a new terminal, and returns what the terminal shows at the
// end, and the exit code. It presses Ctrl-C when interrupt is closed; nil: never.
func onTerminal(t *testing.T, command string, interrupt <-chan struct{}) (lines []string, code int) {
	t.Helper()
	keyboard, screen := openTerminal(t, 200, 24)
	cmd := exec.CommandContext(t.Context(), "bash", "-c", command)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = screen, screen, screen
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = screen.Close()
	shown := terminaltest.New(t, 200, 24)
	var reading sync.WaitGroup
	reading.Go(func() {
		// The last read fails when all programs have closed the terminal. Writes end at the end
		// of a line or of a frame, but a read may end anywhere.
		all, _ := io.ReadAll(keyboard)
		_, _ = shown.Write(all)
	})
	ended := make(chan struct{})
	reading.Go(func() {
		select {
		case <-interrupt:
			_, _ = keyboard.WriteString("\x03")
		case <-ended:
		}
	})
	err := cmd.Wait()
	close(ended)
	reading.Wait()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		code = failed.ExitCode()
		// The signal may also end bash itself, depending on which program of the pipe ends first.
		if status, ok := failed.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			code = 128 + int(status.Signal())
		}
	} else if err != nil {
		t.Fatal(err)
	}
	return strings.Split(shown.Screen(), "\n"), code
}

// A folder of 500 files that Ctrl-C interrupts is completed by the same command. On the
// terminal, no result shares a line with a bar or a message, also if the results go through a
// pipe to the same terminal.
func TestInterruptedBatchOnTerminal(t *testing.T) {
	const files, before = 500, 100
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("there is no bash")
	}
	result := regexp.MustCompile(`^http://\S+/files/[0-9a-f]{32} +folder/\d{3}\.txt$`)
	for name, pipe := range map[string]string{"to the terminal": "", "through tee": " | tee -a ../urls"} {
		t.Run(name, func(t *testing.T) {
			server, err := testserver.Start(testserver.Config{Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
				t.Fatal(err)
			}
			for i := range files {
				if err := os.WriteFile(filepath.Join(dir, "folder", fmt.Sprintf("%03d.txt", i)), fmt.Appendf(nil, "file %d\n", i), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var created atomic.Int64
			var second atomic.Bool
			reached := make(chan struct{})
			signal := sync.OnceFunc(func() { close(reached) })
			server.Inject(testserver.Fault{
				Method: http.MethodPost, Times: testserver.Always,
				Match: func(*http.Request) bool { return created.Add(1) > before && !second.Load() },
				Do: testserver.ActionFunc(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
					signal()
					<-r.Context().Done()
				}),
			})
			t.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
			t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
			t.Setenv("GORACE", "atexit_sleep_ms=0")
			t.Setenv("TERM", "xterm")
			command := "cd " + dir + " && set -o pipefail && tusker upload -r " + server.URL() + " folder" + pipe

			lines, code := onTerminal(t, command, reached)
			if code != 130 {
				t.Errorf("the first run ended with code %d", code)
			}
			check := func(lines []string) (results int) {
				for _, line := range lines {
					// The terminal's own echo may follow a line that tee had not finished.
					if _, after, interrupted := strings.Cut(line, "^C"); interrupted {
						line = after
					}
					switch {
					case strings.HasPrefix(line, "tusker: not written to standard output: "): // tee had ended
					case result.MatchString(line):
						results++
					case strings.Contains(line, "http://"), strings.Contains(line, "[="), strings.Contains(line, "[>"):
						t.Errorf("line %q", line)
					}
				}
				return results
			}
			check(lines)
			// The last lines of tee and those of tusker come in any order.
			shown := strings.Join(lines, "\n")
			if !regexp.MustCompile(`tusker: upload: interrupted: \d+ of 500 files sent \([^)]+\), [123] in progress, \d+ not started\nhint: run the same command again to resume\b`).MatchString(shown) {
				t.Errorf("the first run has no message about the interruption:\n%s", shown)
			}

			second.Store(true)
			lines, code = onTerminal(t, command, nil)
			if results := check(lines); code != 0 || results != files {
				t.Errorf("the second run ended with code %d and %d results:\n%s", code, results, strings.Join(lines, "\n"))
			}
			if shown := strings.Join(lines, "\n"); !regexp.MustCompile(`(?m)^tusker: sent \d+ of 500 files, .*, \d+ skipped as sent before`).MatchString(shown) {
				t.Errorf("the second run has no summary:\n%s", shown)
			}
			stored := 0
			for _, r := range server.Requests() {
				if r.Method == http.MethodPost && r.Status == http.StatusCreated {
					stored++
				}
			}
			// Ctrl-C may lose the answers to the two creations beside the one that hangs.
			if stored < files || stored > files+2 {
				t.Errorf("%d uploads were created, want %d", stored, files)
			}
		})
	}
}
