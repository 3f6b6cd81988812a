package progress

import (
	"io"
	"time"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
)

// Display shows the progress of the uploads of one command. It is safe for
// concurrent use, costs an upload nothing that could be measured, and nil shows
// nothing.
type Display struct {
	board *board
	lines *lines // nil: there are bars
	bars  *bars  // nil: there are lines
}

// Lines is a Display of so many files that writes a line to w every few seconds.
func Lines(w io.Writer, files int) *Display {
	now := time.Now()
	return &Display{board: newBoard(files), lines: &lines{w: w, last: now}}
}

// Bars is a Display of so many files that draws a bar for each upload under way,
// and one for all of them. Close ends it.
func Bars(screen *output.Screen, files int, colors bool) *Display {
	b := newBoard(files)
	return &Display{board: b, bars: drawBars(b, screen, colors)}
}

// Update takes in what happened to the file with that index, from 0 on.
func (d *Display) Update(i int, name string, e client.Event) {
	if d == nil {
		return
	}
	d.board.mu.Lock()
	defer d.board.mu.Unlock()
	d.board.update(i, name, e)
	if d.lines != nil {
		d.lines.update(d.board, i, time.Now())
	}
}

// Ended says that nothing more happens to the file with that index. It is to be
// called once for each file, also for one that never got an Update.
func (d *Display) Ended(i int, failed bool) {
	if d == nil {
		return
	}
	d.board.mu.Lock()
	defer d.board.mu.Unlock()
	d.board.end(i, failed)
}

// Length says how many bytes all files have together.
func (d *Display) Length(n int64) {
	if d == nil {
		return
	}
	d.board.mu.Lock()
	defer d.board.mu.Unlock()
	d.board.length, d.board.lengthKnown = n, true
}

// Close erases the bars. Nothing is shown after it.
func (d *Display) Close() {
	if d != nil && d.bars != nil {
		d.bars.close()
	}
}
