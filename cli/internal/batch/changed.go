package batch

import (
	"errors"

	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/client"
)

// errSentBefore is the reason why a file of a batch is sent again. A change just before this
// run does not show with certainty.
var errSentBefore = errors.New("an earlier run has sent the file, but it has changed since, or may have changed")

// reportChange returns an observer of the events of a file. It shows why the file is sent again
// although an earlier run of the command has sent it.
func (b *Batch) reportChange(file string, show func(client.Event)) func(client.Event) {
	if !b.Sent.HasSource(file) || flags.Recreates[b.Recreate] == client.RecreateAlways {
		return func(client.Event) {}
	}
	reported := false
	return func(e client.Event) {
		reported = reported || e.Kind == client.EventRestarted || e.Kind == client.EventResumed
		if e.Kind == client.EventCreated && !reported {
			reported = true
			show(client.Event{Kind: client.EventRestarted, Length: e.Length, Err: errSentBefore})
		}
	}
}
