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

// Printer writes results. Once a write has failed it writes nothing more. It is
// safe for concurrent use.
type Printer struct {
	mu     sync.Mutex
	w      io.Writer
	err    error
	failed func(error)
	lost   func(line string, err error) // nil: nobody wants them
	screen *Screen
}

// NewPrinter writes to w, and calls failed, where it is not nil, with the first
// error.
func NewPrinter(w io.Writer, failed func(error)) *Printer {
	return &Printer{w: w, failed: failed}
}

// OnLost has fn called with each line, of Line and JSON alone, that cannot be
// written, and why. It is to be called before anything is written.
func (p *Printer) OnLost(fn func(line string, err error)) { p.lost = fn }

// Line writes one line.
func (p *Printer) Line(format string, args ...any) {
	p.line([]byte(fmt.Sprintf(format, args...) + "\n"))
}

func (p *Printer) line(b []byte) {
	if _, err := p.Write(b); err != nil && p.lost != nil {
		p.lost(strings.TrimSuffix(string(b), "\n"), err)
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

// Table writes two columns, the second one aligned. A row without a name goes
// on with the row above.
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

// Columns writes rows with all columns but the last one aligned. It goes through
// rows twice, which have to be the same and of the same number of columns.
func (p *Printer) Columns(rows iter.Seq[[]string]) {
	var widths []int
	for row := range rows {
		for i, text := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	w := bufio.NewWriter(p)
	for row := range rows {
		for i, text := range row[:len(row)-1] {
			_, _ = fmt.Fprintf(w, "%-*s  ", widths[i], text)
		}
		// A printer remembers what goes wrong.
		_, _ = fmt.Fprintln(w, row[len(row)-1])
	}
	_ = w.Flush()
}

// Write writes b, or gives the error of an earlier write.
func (p *Printer) Write(b []byte) (int, error) {
	n, err := p.write(b)
	if err != nil {
		p.fail(err)
	}
	return n, err
}

// Through makes room for results on s, where they go to a terminal as well: most
// likely it is the same one. It is to be called before anything is drawn on s.
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
