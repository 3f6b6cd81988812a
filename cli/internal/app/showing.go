package app

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/progress"
)

// The values of --progress.
const (
	progressAuto  = "auto"
	progressBar   = "bar"
	progressPlain = "plain"
	progressNone  = "none"
)

// showing holds the flag of the commands that take long.
type showing struct {
	progress string
}

func (s *showing) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.progress, "progress", progressAuto,
		"`how` to show progress on standard error: bar, plain (a line now and then), none, or auto: bars on a terminal, lines elsewhere, nothing with --json")
}

func (s *showing) check() error {
	switch s.progress {
	case progressAuto, progressBar, progressPlain, progressNone:
		return nil
	}
	return fmt.Errorf("--progress %q is none of auto, bar, plain and none", s.progress)
}

// display returns a display for that number of files, or nil if nothing is shown.
// The caller closes it.
func (a *app) display(s *showing, json bool, files int) *progress.Display {
	screen, bars := a.terminal()
	switch {
	case a.quiet, s.progress == progressNone, s.progress == progressAuto && (json || a.jsonLog()):
		return nil
	case s.progress == progressPlain, s.progress == progressAuto && !bars:
		return progress.Lines(a.err, files)
	case !bars:
		a.say("there is no terminal to draw bars on: lines instead")
		return progress.Lines(a.err, files)
	}
	a.out.Through(screen)
	return progress.Bars(screen, files, !a.isPlain())
}

// isPlain reports whether the environment asks for output without colors.
func (a *app) isPlain() bool {
	plain, _ := a.lookupEnv("NO_COLOR")
	return plain != ""
}

// terminal returns standard error if bars can be drawn on it.
func (a *app) terminal() (*output.Screen, bool) {
	screen, ok := a.err.(*output.Screen)
	if !ok || !screen.CanDraw() {
		return nil, false
	}
	kind, _ := a.lookupEnv("TERM")
	return screen, kind != "dumb"
}
