package console_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/console"
)

// start returns a console with these flags, and what it writes on standard error.
func start(t *testing.T, args ...string) (*console.Console, *bytes.Buffer) {
	t.Helper()
	var stderr bytes.Buffer
	c := &console.Console{Err: &stderr, LookupEnv: func(string) (string, bool) { return "", false }}
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	c.Register(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	if err := c.Start(slog.LevelWarn); err != nil {
		t.Fatal(err)
	}
	return c, &stderr
}

// Say respects --quiet, a lost result does not, and both are records of a JSON log.
func TestSay(t *testing.T) {
	tests := map[string]struct {
		args []string
		want []string // parts of the lines
	}{
		"by default": {nil, []string{"tusker: 2 files", "tusker: not written to standard output: http://h/1"}},
		"quiet":      {[]string{"-q"}, []string{"tusker: not written to standard output: http://h/1"}},
		"json":       {[]string{"--log-format", "json"}, []string{`"2 files"`, `http://h/1`}},
		"quiet json": {[]string{"-q", "--log-format", "json"}, []string{`http://h/1`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, stderr := start(t, test.args...)
			c.Say("%d files", 2)
			c.ReportUnwritten("http://h/1")
			lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
			if len(lines) != len(test.want) {
				t.Fatalf("says %q, want %v lines", stderr, len(test.want))
			}
			for i, want := range test.want {
				if !strings.Contains(lines[i], want) {
					t.Errorf("line %q, want %q in it", lines[i], want)
				}
			}
		})
	}
}

// A line of SayOnce is written once, also by several goroutines.
func TestSayOnce(t *testing.T) {
	c, stderr := start(t)
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() { c.SayOnce("%s is open", "a") })
	}
	group.Wait()
	c.SayOnce("%s is open", "b")
	if got := stderr.String(); got != "tusker: a is open\ntusker: b is open\n" {
		t.Errorf("says %q, want %q", got, "tusker: a is open\ntusker: b is open\n")
	}
}

// --quiet and --verbose exclude each other.
func TestQuietAndVerbose(t *testing.T) {
	c := &console.Console{Err: new(bytes.Buffer)}
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	c.Register(flags)
	if err := flags.Parse([]string{"-q", "-v"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Start(slog.LevelWarn); err == nil {
		t.Error("no error")
	}
}
