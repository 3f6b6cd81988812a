package app

import (
	"errors"
	"testing"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

func TestVerdict(t *testing.T) {
	t.Parallel()
	gone, refused := exit.With(exit.Gone, errors.New("gone")), exit.With(exit.Refused, errors.New("no"))
	stopped := exit.With(exit.Interrupted, errors.New("interrupted"))
	tests := map[string]struct {
		errs []error
		code int
		text string
	}{
		"all well":          {[]error{nil, nil}, exit.OK, ""},
		"one of them":       {[]error{nil, gone}, exit.Some, "1 of 2 files failed: b"},
		"all for a reason":  {[]error{gone, gone}, exit.Gone, "2 of 2 files failed: a, b"},
		"all for several":   {[]error{gone, refused}, exit.Failed, "2 of 2 files failed: a, b"},
		"interrupted":       {[]error{nil, stopped}, exit.Interrupted, "1 of 2 files failed: b"},
		"not begun":         {[]error{nil, &failure{err: notBegun{stopped}}}, exit.Interrupted, "0 of 2 files failed; 1 not begun"},
		"gone, not begun":   {[]error{gone, notBegun{stopped}}, exit.Interrupted, "1 of 2 files failed: a; 1 not begun"},
		"interrupted, gone": {[]error{gone, stopped}, exit.Interrupted, "2 of 2 files failed: a, b"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := verdict("files", []string{"a", "b"}, test.errs)
			if got := exit.Code(err); got != test.code {
				t.Errorf("code %d, want %d", got, test.code)
			}
			if err != nil && err.Error() != test.text {
				t.Errorf("text %q, want %q", err, test.text)
			}
		})
	}
}

// parsed is the command that a command line names.
func parsed(t *testing.T, a *app, name string) *cobra.Command {
	t.Helper()
	cmd, _, err := a.root().Find([]string{name})
	if err != nil {
		t.Fatal(err)
	}
	return cmd
}

func TestComplain(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		command string
		err     error
		want    string
	}{
		"root": {
			"", usage(errors.New("unknown command")),
			"tusker: unknown command\nhint: see tusker --help\n",
		},
		"command": {
			"serve", errors.New("no room"),
			"tusker: serve: no room\n",
		},
		"subject and hint": {
			"upload", &failure{subject: "a.txt", err: errors.New("cut off"), hint: "go on"},
			"tusker: upload a.txt: cut off\nhint: go on\n",
		},
		"exchange with the name of the command": {
			"terminate", &client.Error{Op: protocol.OpTerminate, URL: "http://h/1?secret", StatusCode: 403, Err: protocol.StatusError(protocol.OpTerminate, 403)},
			"tusker: terminate http://h/1: forbidden (403)\n",
		},
		"several lines and colours": {
			"upload", &failure{subject: "a\nb", err: errors.New("one\n\x1b[31mtwo")},
			`tusker: upload a\nb: one\n\x1b[31mtwo` + "\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			std, _, stderr := streamsFor(t)
			a := &app{err: std.Err}
			cmd := a.root()
			if test.command != "" {
				cmd = parsed(t, a, test.command)
			}
			a.complain(cmd, test.err, "")
			if got := stderr.String(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestVerdictOfMany guards against a line of ten thousand names.
func TestVerdictOfMany(t *testing.T) {
	t.Parallel()
	names, errs := make([]string, 10000), make([]error, 10000)
	for i := range names {
		names[i], errs[i] = "x", errors.New("gone")
	}
	want := "10000 of 10000 files failed: x, x, x, x, x, x, x, x, x, x and 9990 more"
	if got := verdict("files", names, errs).Error(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
