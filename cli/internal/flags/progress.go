package flags

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/progress"
)

// The values of --progress.
const (
	progressAuto  = "auto"
	progressBar   = "bar"
	progressPlain = "plain"
	progressNone  = "none"
)

// Progress holds the flag of the commands that take long.
type Progress struct {
	mode string
}

// Register adds the flag.
func (s *Progress) Register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.mode, "progress", progressAuto,
		"show progress on standard error as `form`: bar, plain (a line every few seconds), none, or auto: bars on a terminal if standard output is no pipe, lines elsewhere, nothing with --json")
}

// Check finds an unknown value of the flag.
func (s *Progress) Check() error {
	switch s.mode {
	case progressAuto, progressBar, progressPlain, progressNone:
		return nil
	}
	return fmt.Errorf("--progress %q is not one of auto, bar, plain, none", s.mode)
}

// Display returns a display for that number of files, or nil if nothing is shown.
// The caller closes it.
//
// Results through a pipe get no bars beside them: the pipe may end on the same terminal, as in
// "tusker upload … | tee urls", and nothing tells when the other program has written a result.
func (s *Progress) Display(con *console.Console, json bool, files int) *progress.Display {
	screen, bars := con.Terminal()
	piped := con.Out.IsPiped()
	switch {
	case con.IsQuiet(), s.mode == progressNone, s.mode == progressAuto && (json || con.IsJSON()):
		return nil
	case s.mode == progressPlain, s.mode == progressAuto && (!bars || piped):
		return progress.Lines(con.Err, files)
	case !bars:
		con.Say("there is no terminal to draw bars on: lines instead")
		return progress.Lines(con.Err, files)
	}
	if piped {
		con.Say("standard output is a pipe, which may end on this terminal: lines instead of bars")
		return progress.Lines(con.Err, files)
	}
	con.Out.Through(screen)
	return progress.Bars(screen, files, !con.IsPlain())
}
