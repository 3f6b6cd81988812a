package progress

import (
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/units"
)

// frame draws a board again and again.
type frame struct {
	colors bool
	names  int // widest name so far: columns that move are hard to read
}

// row is the content of one line.
type row struct {
	name         string
	short        string // shown instead of name if there is no room; "": the end of name
	sent, length int64
	known        bool // length is known
	rate         *rate
	left         int64 // bytes, if known
	retries      int
	waiting      string // reason why nothing happens
}

// leastColumns is the smallest width of a terminal on which lines are drawn.
const leastColumns = 12

// draw returns the lines for a terminal of that size: the active uploads, as many
// as fit, and below them the line for all files.
func (f *frame) draw(b *board, columns, rows int, now time.Time) []string {
	if columns < leastColumns {
		return nil
	}
	var all []row
	for _, u := range b.inOrder() {
		all = append(all, u.row(now))
	}
	room := max(1, rows-1)
	if b.files > 1 {
		all = append(all[:min(len(all), room-1)], b.row())
	}
	if len(all) > room {
		all = all[:room]
	}
	widest := 0
	for _, r := range all {
		f.names = max(f.names, output.Width(r.name))
		widest = max(widest, len(retries("", r.retries)))
	}
	l := layoutFor(columns-1, f.names, widest)
	lines := make([]string, len(all))
	for i, r := range all {
		lines[i] = f.line(r, l)
	}
	return lines
}

func (u *upload) row(now time.Time) row {
	r := row{
		name: u.name, sent: u.sent, length: u.length, known: u.known,
		rate: &u.rate, left: u.length - u.sent, retries: u.retries,
	}
	if wait := u.until.Sub(now); wait > 0 {
		seconds := (wait + time.Second - 1) / time.Second
		r.waiting = fmt.Sprintf("waiting %d s: %s", seconds, u.why)
	}
	return r
}

func (b *board) row() row {
	s := b.sums()
	short := fmt.Sprintf("%d/%d", s.ended, b.files)
	name := fmt.Sprintf("%d of %d files", s.ended, b.files)
	if s.failed > 0 {
		name = fmt.Sprintf("%d of %d, %d failed", s.ended, b.files, s.failed)
	}
	return row{
		name: name, short: short, sent: s.sent, length: s.length, known: s.known,
		rate: &b.rate, left: s.left, retries: s.retries,
	}
}

// leastWaiting is the smallest useful width of a reason to wait.
const leastWaiting = 24

func (f *frame) line(r row, l layout) string {
	if r.waiting != "" && l.tail() < leastWaiting {
		// On a narrow terminal, the reason is more useful than a bar.
		name := min(output.Width(r.name), max(l.width/3, l.width-leastWaiting), l.name)
		return fit(r.name, name) + " " + f.color(yellow, output.Cut(r.waiting, l.width-name-1))
	}
	name := r.name
	if r.short != "" && output.Width(name) > l.name {
		name = r.short
	}
	text := fit(name, l.name) + " " + r.percent()
	if l.bar > 0 {
		text += " " + f.bar(r, l.bar)
	}
	if r.waiting != "" {
		waiting := r.waiting + retries(", ", r.retries)
		return text + strings.Repeat(" ", gap) + f.color(yellow, output.Cut(waiting, l.tail()-gap))
	}
	return strings.TrimRight(text+r.tail(l), " ")
}

func (r row) percent() string {
	if !r.known || r.length == 0 {
		return strings.Repeat(" ", percentWidth)
	}
	return fmt.Sprintf("%3d%%", percent(r.sent, r.length))
}

// tail returns the part of the line behind the bar, with each value in its column.
func (r row) tail(l layout) string {
	var b strings.Builder
	column := func(width int, text string) {
		fmt.Fprintf(&b, "%*s%*s", gap, "", width, text)
	}
	if l.amount {
		column(amountWidth, units.FormatSize(r.sent))
	}
	if l.whole {
		whole := ""
		if r.known {
			whole = " of " + units.FormatSize(r.length)
		}
		fmt.Fprintf(&b, "%-*s", len(" of ")+amountWidth, whole)
	}
	if l.rate {
		column(rateWidth, units.FormatSize(int64(r.rate.value()))+"/s")
	}
	if l.left {
		text := ""
		if left, ok := r.rate.timeLeft(r.left); ok && r.known {
			text = clock(left)
		}
		column(leftWidth, text)
	}
	if l.retries > 0 {
		column(l.retries, retries("", r.retries))
	}
	return b.String()
}

func (f *frame) bar(r row, width int) string {
	if !r.known {
		return strings.Repeat(" ", width)
	}
	return f.color(green, drawnBar(r.sent, r.length, width))
}

// Colors of ECMA-48.
const (
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	reset  = "\x1b[0m"
)

func (f *frame) color(color, text string) string {
	if !f.colors || text == "" {
		return text
	}
	return color + text + reset
}

// fit makes text exactly width columns wide. It keeps the end of the text, because
// the end of a path identifies a file better than its beginning.
func fit(text string, width int) string {
	if over := output.Width(text) - width; over > 0 {
		text = runewidth.TruncateLeft(text, over+1, "…")
	}
	return runewidth.FillRight(text, width)
}
