package app

import (
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/advice"
)

// Each flag that a hint names exists, and no flag of the program itself is foreign.
func TestForeignFlags(t *testing.T) {
	root := newApp(Streams{}).root()
	own := func(name string) bool {
		for _, cmd := range subcommands(root) {
			if cmd.Flags().Lookup(name) != nil || len(name) == 1 && cmd.Flags().ShorthandLookup(name) != nil {
				return true
			}
		}
		return root.PersistentFlags().Lookup(name) != nil
	}
	for name, meant := range advice.ForeignFlags {
		if flag, ok := strings.CutPrefix(meant, "--"); ok && !own(flag) {
			t.Errorf("%s: there is no flag --%s", name, flag)
		}
		if len(name) > 1 && name != "version" && own(name) {
			t.Errorf("--%s is a flag of the program", name)
		}
	}
}

// Each command that a hint names exists, and no command of the program itself is foreign.
func TestForeignCommands(t *testing.T) {
	root := newApp(Streams{}).root()
	for name, meant := range advice.ForeignCommands {
		if found, rest, err := root.Find(strings.Fields(meant)); err != nil || found == root || len(rest) > 0 {
			t.Errorf("%s: there is no command %s", name, meant)
		}
		if found, _, err := root.Find([]string{name}); err == nil && found != root {
			t.Errorf("%s is a command of the program", name)
		}
	}
}
