package progress

import (
	"io"
	"time"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
)

// Display shows the progress of the uploads of one command. It is safe for
// concurrent use, and costs an upload almost no time. A nil Display shows nothing.
type Display struct {
	board *board
	lines *lines // nil: the display draws bars
	bars  *bars  // nil: the display writes lines
}

// Lines returns a Display for that number of files, which writes a line to w every
// few seconds.
func Lines(w io.Writer, files int) *Display {
	now := time.Now()
	return &Display{board: newBoard(files), lines: &lines{w: w, last: now}}
}

// Bars returns a Display for that number of files, which draws a bar for each
// active upload, and one for all files. Close ends it.
func Bars(screen *output.Screen, files int, colors bool) *Display {
	b := newBoard(files)
	return &Display{board: b, bars: drawBars(b, screen, colors)}
}

// Update applies an event of the file with that index. Indexes begin at 0.
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

// Ended reports the last change of the file with that index. Call it once for each
// file, even if Update was never called for the file.
func (d *Display) Ended(i int, failed bool) {
	if d == nil {
		return
	}
	d.board.mu.Lock()
	defer d.board.mu.Unlock()
	d.board.end(i, failed)
}

// Length sets the length of all files together, in bytes.
func (d *Display) Length(n int64) {
	if d == nil {
		return
	}
	d.board.mu.Lock()
	defer d.board.mu.Unlock()
	d.board.length, d.board.lengthKnown = n, true
}

// Close erases the bars. The Display shows nothing afterwards.
func (d *Display) Close() {
	if d != nil && d.bars != nil {
		d.bars.close()
	}
}
