package app

import (
	"errors"
	"testing"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

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
			"", usage.Error(errors.New("unknown command")),
			"tusker: unknown command\nhint: see tusker --help\n",
		},
		"command": {
			"serve", errors.New("no room"),
			"tusker: serve: no room\n",
		},
		"subject and hint": {
			"upload", &advice.Failure{Subject: "a.txt", Err: errors.New("cut off"), Hint: "resume"},
			"tusker: upload a.txt: cut off\nhint: resume\n",
		},
		"exchange with the name of the command": {
			"terminate", &client.Error{Op: protocol.OpTerminate, URL: "http://h/1?secret", StatusCode: 403, Err: protocol.StatusError(protocol.OpTerminate, 403)},
			"tusker: terminate http://h/1: forbidden (403)\n",
		},
		"several lines and colours": {
			"upload", &advice.Failure{Subject: "a\nb", Err: errors.New("one\n\x1b[31mtwo")},
			`tusker: upload a\nb: one\n\x1b[31mtwo` + "\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			std, _, stderr := streamsFor(t)
			a := newApp(std)
			cmd := a.root()
			if test.command != "" {
				cmd = parsed(t, a, test.command)
			}
			a.console.Complain(cmd, test.err, "")
			if got := stderr.String(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
