package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/exit"
)

// The names of the table are those of the commands.
func TestNamesOfCommands(t *testing.T) {
	t.Parallel()
	a := newApp(Streams{})
	a.root()
	for _, c := range commands {
		if got := c.make(a).Name(); got != c.name {
			t.Errorf("the command %q is in the table as %q", got, c.name)
		}
	}
	if got := len(a.program.Commands()); got != len(commands) {
		t.Errorf("the program has %d commands, want %d", got, len(commands))
	}
}

// A start makes the commands that its arguments name, and all of them if one of them uses the
// others or the arguments name none.
func TestStartMakesNamedCommands(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args string
		want int
	}{
		{"version", 1},
		{"version --json", 1},
		{"-q upload http://127.0.0.1/ file", 1},
		{"job add archive http://127.0.0.1/ file", 1},
		{"upload http://127.0.0.1/ download", 2},
		{"config path", 1},
		{"", len(commands)},
		{"--help", len(commands)},
		{"help upload", len(commands)},
		{"--config upload", len(commands)},
		{"uplaod upload", len(commands)},
		{"config show", len(commands)},
		{"man dir", len(commands)},
		{"__complete upload --", len(commands)},
	} {
		a := newApp(Streams{})
		a.args = strings.Fields(test.args)
		if got := len(a.root().Commands()); got != test.want {
			t.Errorf("tusker %s makes %d commands, want %d", test.args, got, test.want)
		}
	}
}

// A variable that is a setting of the command that runs does not need the other commands.
func TestVariablesOfOwnSettings(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string]bool{
		"TUSKER_STATE_DIR": false, "TUSKER_ENDPOINT": false, "PATH": false, "TUSKER_LEASE": true, "TUSKER_STATE_DIRS": true,
	} {
		std, _, _ := streamsFor(t)
		a := newApp(std)
		a.args, a.environ = []string{"uploads"}, func() []string { return []string{variable + "=x"} }
		cmd, _, err := a.root().Find(a.args)
		if err != nil {
			t.Fatal(err)
		}
		a.warnOfVariables(cmd)
		if a.complete != want {
			t.Errorf("with %s, all commands are made: %t, want %t", variable, a.complete, want)
		}
	}
}

// A command knows the flags and names of the commands that a start does not make.
func TestOtherCommandsAreKnown(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte("lease: 20s\nlog-format: json\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args    string
		environ []string
		code    int
		says    string
	}{
		"a key of the config file": {args: "uploads --json --state-dir " + t.TempDir() + " --config " + file},
		"the format of an error":   {args: "version --unknown --config " + file, code: exit.Usage, says: `{"level":`},
		"a misspelled variable":    {args: "uploads --json --state-dir " + t.TempDir(), environ: []string{"TUSKER_LEESE=20s"}, says: "did you mean TUSKER_LEASE?"},
		"a variable":               {args: "uploads --json --state-dir " + t.TempDir(), environ: []string{"TUSKER_LEASE=20s"}},
		"a misspelled command":     {args: "conformanc upload", code: exit.Usage, says: "did you mean tusker conformance?"},
		"a command of help":        {args: "help conformanc", code: exit.Usage, says: "did you mean tusker conformance?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			std, _, stderr := streamsFor(t)
			std.Environ = func() []string { return test.environ }
			code := Run(t.Context(), strings.Fields(test.args), std)
			if code != test.code || !strings.Contains(stderr.String(), test.says) || test.says == "" && stderr.Len() > 0 {
				t.Errorf("code %d, says %q; want %d and %q", code, stderr, test.code, test.says)
			}
		})
	}
}
