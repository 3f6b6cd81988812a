package batch

import (
	"time"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/usage"
)

// shownName returns the name of a file for people: the file name in the metadata if the file is
// standard input, which has no name of its own.
func (b *Batch) shownName(e entry) string {
	if name := b.Given["filename"]; e.path() == usage.Stdin && e.in == nil && name != "" {
		return name
	}
	return e.path()
}

// reportSingle says what happened to the only file of a run. That it was sent is said on a
// terminal only, because scripts have the URL and the exit code.
func (b *Batch) reportSingle(t *tally) {
	name := b.shownName(b.List.entries.at(0))
	switch {
	case t.skipped > 0:
		b.Console.Say("%s was sent before", output.Escape(name))
	case b.Console.IsTerminal():
		b.Console.Say("sent %s, %s", output.Escape(name), t.amount(time.Now()))
	}
	b.Console.ReportVerified(name, t.last)
}
