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
		if len(name) > 1 && own(name) {
			t.Errorf("--%s is a flag of the program", name)
		}
	}
}
