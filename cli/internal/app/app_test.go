package app

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/testserver"
)

// streamsFor returns streams in memory, with an empty environment.
func streamsFor(t *testing.T) (std Streams, stdout, stderr *bytes.Buffer) {
	t.Helper()
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	return Streams{
		In: new(bytes.Buffer), Out: stdout, Err: stderr,
		LookupEnv: func(string) (string, bool) { return "", false },
	}, stdout, stderr
}

// newApp returns a run with streams in memory, whose command line is not parsed yet.
func newApp(std Streams) *app {
	return &app{console: &console.Console{In: std.In, Out: output.NewPrinter(std.Out, nil), Err: std.Err, LookupEnv: std.LookupEnv}}
}

func tempFile(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// brokenPipe is a standard output whose reader is gone.
type brokenPipe struct{ err error }

func (b brokenPipe) Write([]byte) (int, error) { return 0, b.err }

func TestClosedStdout(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		code int
		want string
	}{
		"pipe": {&fs.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}, exit.Unread, ""},
		"disk": {&fs.PathError{Op: "write", Path: "out", Err: syscall.ENOSPC}, exit.Failed, "tusker: write standard output: write out: no space left on device\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			std, _, stderr := streamsFor(t)
			std.Out = brokenPipe{test.err}
			if got := Run(t.Context(), []string{"version"}, std); got != test.code {
				t.Errorf("code %d, want %d", got, test.code)
			}
			if stderr.String() != test.want {
				t.Errorf("says %q, want %q", stderr, test.want)
			}
		})
	}
}

// An upload ends when the reader of standard output is gone, and says how to resume.
func TestClosedStdoutEndsUpload(t *testing.T) {
	t.Parallel()
	server := testserver.New(t, testserver.Config{})
	server.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.Stall(0)})
	std, _, stderr := streamsFor(t)
	std.Out = brokenPipe{syscall.EPIPE}
	got := Run(t.Context(), []string{"upload", "--json", server.URL(), tempFile(t, "hello")}, std)
	const want = "standard output was closed"
	if got != exit.Failed || !strings.Contains(stderr.String(), want) || !strings.Contains(stderr.String(), "\nhint: ") {
		t.Errorf("code %d and %q, want %d, %q and a hint", got, stderr, exit.Failed, want)
	}
}

// If a result cannot be written to a full disk, the message shows the URL, because
// the upload could not be found without it.
func TestResultsThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	const lost = "tusker: not written to standard output: "
	full, gone := &fs.PathError{Op: "write", Path: "out", Err: syscall.ENOSPC}, syscall.EPIPE
	tests := map[string]struct {
		err   error
		flags []string
		want  []string // the beginnings of the lines
	}{
		"a URL": {full, nil, []string{lost + "http://", "tusker: write standard output: write out: no space left on device"}},
		"JSON":  {full, []string{"--json"}, []string{lost + `{"event":"created",`, lost + `{"event":"failed",`, "tusker: upload ", "hint: "}},
		"pipe":  {gone, nil, []string{lost + "http://"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testserver.New(t, testserver.Config{})
			std, _, stderr := streamsFor(t)
			std.Out = brokenPipe{test.err}
			args := append([]string{"upload", "--no-resume", server.URL(), tempFile(t, "hello")}, test.flags...)
			if got := Run(t.Context(), args, std); got != exit.Failed {
				t.Errorf("code %d, want %d", got, exit.Failed)
			}
			lines := slices.Collect(strings.Lines(stderr.String()))
			if len(lines) != len(test.want) {
				t.Fatalf("says %q, want %v lines", stderr, len(test.want))
			}
			for i, want := range test.want {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("line %q, want it to begin with %q", lines[i], want)
				}
			}
		})
	}
}

// An upload ends with its context, even if it waits for a stream that delivers no
// bytes.
func TestStreamEndsWithContext(t *testing.T) {
	t.Parallel()
	server := testserver.New(t, testserver.Config{})
	std, _, stderr := streamsFor(t)
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	std.In = r
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(exit.ErrInterrupted)
	if got := Run(ctx, []string{"upload", server.URL(), "-"}, std); got != exit.Interrupted {
		t.Errorf("code %d, want %d", got, exit.Interrupted)
	}
	if want := "tusker: upload -: interrupted\nhint: nothing was uploaded yet: run the same command again\n"; stderr.String() != want {
		t.Errorf("says %q, want %q", stderr, want)
	}
}

// Every command has examples, and help texts fit into their width.
func TestEveryCommandHasExamples(t *testing.T) {
	t.Parallel()
	for _, c := range allCommands(newApp(Streams{}).root()) {
		if c.Name() == "help" {
			continue
		}
		path := c.CommandPath()
		if c.Example == "" {
			t.Errorf("%s has no example", path)
		}
		std, stdout, _ := streamsFor(t)
		if got := Run(t.Context(), append(strings.Fields(path)[1:], "--help"), std); got != exit.OK {
			t.Errorf("%s --help ends with %d, want %v", path, got, exit.OK)
		}
		for line := range strings.Lines(stdout.String()) {
			if n := utf8.RuneCountInString(line) - 1; n > helpWidth {
				t.Errorf("%s --help has a line of %d columns: %s, want at most %v", path, n, line, helpWidth)
			}
		}
		examples, flags := strings.Index(stdout.String(), "\nExamples:"), strings.Index(stdout.String(), "\nFlags")
		if examples < 0 || flags < examples {
			t.Errorf("%s --help has examples at %d and flags at %d, want at least 0 and at least %v", path, examples, flags, examples)
		}
	}
}

// allCommands returns cmd and all commands below it.
func allCommands(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, c := range cmd.Commands() {
		all = append(all, allCommands(c)...)
	}
	return all
}

func TestFlagErrorsKeepSecrets(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"header without name":     {"-H", "hush"},
		"header with bad value":   {"-H", "X: hush\x01"},
		"proxy":                   {"--proxy", "http://user:hush@[::1"},
		"proxy of another scheme": {"--proxy", "gopher://hush@h"},
		"user":                    {"--user", "hush"},
		"endpoint":                {},
	}
	for name, flags := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endpoint := "http://tus.example/"
			if len(flags) == 0 {
				endpoint = "tus.example/?token=hush"
			}
			std, _, stderr := streamsFor(t)
			args := append([]string{"options", endpoint}, flags...)
			if got := Run(t.Context(), args, std); got != exit.Usage {
				t.Errorf("code %d, want %d", got, exit.Usage)
			}
			if strings.Contains(stderr.String(), "hush") || stderr.Len() == 0 {
				t.Errorf("says %q, want no %q in it and Len not 0", stderr, "hush")
			}
		})
	}
}
