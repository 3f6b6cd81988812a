package output

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"sync"
	"unicode/utf8"
)

// Printer writes results. After a failed write, it writes nothing more. It is safe
// for concurrent use.
type Printer struct {
	mu     sync.Mutex
	w      io.Writer
	err    error
	failed func(error)
	lost   func(line string) // nil: lost lines are not reported
	screen *Screen
}

// NewPrinter returns a Printer that writes to w, and calls failed with the first
// error. A nil failed is not called.
func NewPrinter(w io.Writer, failed func(error)) *Printer {
	return &Printer{w: w, failed: failed}
}

// OnLost sets a function that is called with each line of Line and JSON that cannot
// be written. Call OnLost before anything is written.
func (p *Printer) OnLost(fn func(line string)) { p.lost = fn }

// ReportsLost reports whether OnLost was called: the command does more than to print.
func (p *Printer) ReportsLost() bool { return p.lost != nil }

// Line writes one line.
func (p *Printer) Line(format string, args ...any) {
	p.line([]byte(fmt.Sprintf(format, args...) + "\n"))
}

func (p *Printer) line(b []byte) {
	if _, err := p.Write(b); err != nil && p.lost != nil {
		p.lost(strings.TrimSuffix(string(b), "\n"))
	}
}

// JSON writes v on one line.
func (p *Printer) JSON(v any) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		p.fail(fmt.Errorf("encode result: %w", err))
		return
	}
	p.line(Plain([]byte(b.String())))
}

// Table writes two columns, and aligns the second one. A row without a name
// continues the row above.
func (p *Printer) Table(rows [][2]string) {
	width := 0
	for _, row := range rows {
		width = max(width, utf8.RuneCountInString(row[0]))
	}
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "%-*s  %s\n", width, row[0], row[1])
	}
	_, _ = p.Write([]byte(b.String()))
}

// Columns writes rows, and aligns all columns but the last one. It reads rows
// twice. Both times, rows must yield the same values, each with the same number of
// columns.
func (p *Printer) Columns(rows iter.Seq[[]string]) {
	var widths []int
	for row := range rows {
		for i, text := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], Width(text))
		}
	}
	p.Aligned(widths, rows)
}

// Aligned is Columns for rows whose columns have these widths at most. It reads rows once.
func (p *Printer) Aligned(widths []int, rows iter.Seq[[]string]) {
	const gap = 2
	w := bufio.NewWriter(p)
	for row := range rows {
		for i, text := range row {
			// The Printer keeps the first error.
			_, _ = w.WriteString(text)
			if i == len(row)-1 {
				_ = w.WriteByte('\n')
				break
			}
			for range widths[i] + gap - Width(text) {
				_ = w.WriteByte(' ')
			}
		}
	}
	_ = w.Flush()
}

// Write writes b. It returns the error of an earlier write, if there is one.
func (p *Printer) Write(b []byte) (int, error) {
	n, err := p.write(b)
	if err != nil {
		p.fail(err)
	}
	return n, err
}

// IsPiped reports whether another program reads the results.
func (p *Printer) IsPiped() bool {
	f, ok := p.w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0
}

// Through coordinates results with the lines drawn on s, if the results go to a
// terminal, too: it is most likely the same terminal. Call Through before anything
// is drawn on s.
func (p *Printer) Through(s *Screen) {
	if f, ok := p.w.(*os.File); ok && isTerminal(f) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.screen = s
	}
}

func (p *Printer) write(b []byte) (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return 0, p.err
	}
	if p.screen == nil {
		n, err = p.w.Write(b)
	} else {
		p.screen.Around(func() { n, err = p.w.Write(b) })
	}
	if err != nil {
		err = fmt.Errorf("write standard output: %w", err)
	}
	return n, err
}

func (p *Printer) fail(err error) {
	p.mu.Lock()
	first := p.err == nil
	if first {
		p.err = err
	}
	p.mu.Unlock()
	if first && p.failed != nil {
		p.failed(err)
	}
}

// Err returns the first error of a write.
func (p *Printer) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}
