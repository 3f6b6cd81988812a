package batch

import (
	"testing"

	"github.com/tusker-go/tusker/cli/internal/records"
)

// A command runs for each file that is sent, and again for a skipped file if it has not
// succeeded. A run without --exec leaves a file without a state.
func TestNeedsCommand(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		skipped bool
		state   records.CommandState
		lasting bool
		want    bool
	}{
		"sent":                               {false, records.CommandPending, false, true},
		"sent without a record":              {false, records.CommandUnknown, false, true},
		"sent with --skip-sent":              {false, records.CommandPending, true, true},
		"sent again after a change":          {false, records.CommandDone, true, true},
		"failed before":                      {true, records.CommandPending, false, true},
		"failed before, --skip-sent":         {true, records.CommandPending, true, true},
		"succeeded before":                   {true, records.CommandDone, false, false},
		"succeeded before, --skip-sent":      {true, records.CommandDone, true, false},
		"no command before":                  {true, records.CommandUnknown, false, true},
		"no command before, and --skip-sent": {true, records.CommandUnknown, true, false},
	} {
		if got := needsCommand(test.skipped, test.state, test.lasting); got != test.want {
			t.Errorf("%s: %v, want %t", name, got, test.want)
		}
	}
}
