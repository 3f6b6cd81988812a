package advice

import (
	"testing"

	"github.com/spf13/cobra"
)

func TestForeignHint(t *testing.T) {
	for _, test := range []struct {
		command    string
		has        []string
		flag, want string
	}{
		{"upload", []string{"insecure"}, "k", "it is called --insecure here"},
		{"upload", []string{"timeout"}, "max-time", "it is called --timeout here"},
		{"upload", []string{}, "resume", resumesText},
		{"upload", []string{}, "O", ""},
		{"download", []string{"output"}, "O", "it is called --output here"},
		{"upload", []string{"color"}, "colour", ""},
	} {
		cmd := &cobra.Command{Use: test.command}
		for _, name := range test.has {
			cmd.Flags().String(name, "", "")
		}
		if got := foreignHint(cmd, test.flag); got != test.want {
			t.Errorf("%s --%s: %q, want %q", test.command, test.flag, got, test.want)
		}
	}
}
