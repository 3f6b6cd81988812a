package app

import (
	"strings"
	"testing"
)

// Each flag that a hint names exists, and no flag of the program itself is foreign.
func TestForeignFlags(t *testing.T) {
	a := &app{}
	root := a.root()
	own := func(name string) bool {
		for _, cmd := range subcommands(root) {
			if cmd.Flags().Lookup(name) != nil || len(name) == 1 && cmd.Flags().ShorthandLookup(name) != nil {
				return true
			}
		}
		return root.PersistentFlags().Lookup(name) != nil
	}
	for name, meant := range foreign {
		if flag, ok := strings.CutPrefix(meant, "--"); ok && !own(flag) {
			t.Errorf("%s: there is no flag --%s", name, flag)
		}
		if len(name) > 1 && own(name) {
			t.Errorf("--%s is a flag of the program", name)
		}
	}
}

func TestForeignHint(t *testing.T) {
	a := &app{}
	root := a.root()
	for _, test := range []struct{ command, flag, want string }{
		{"upload", "k", "it is called --insecure here"},
		{"upload", "max-time", "it is called --timeout here"},
		{"upload", "resume", resumesText},
		{"upload", "O", ""},
		{"download", "O", "it is called --output here"},
		{"upload", "colour", ""},
	} {
		cmd, _, err := root.Find([]string{test.command})
		if err != nil {
			t.Fatal(err)
		}
		if got := foreignHint(cmd, test.flag); got != test.want {
			t.Errorf("%s --%s: %q, want %q", test.command, test.flag, got, test.want)
		}
	}
}
