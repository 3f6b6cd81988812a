package output

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// The size of a terminal that does not tell.
const (
	defaultColumns = 80
	defaultRows    = 24
)

// Screen is standard error: messages, and below them, on a terminal, lines that
// are drawn anew as things change. The cursor always rests in the first column
// of the row after the last line, so that a program that is killed leaves a
// terminal that can be used.
//
// It is safe for concurrent use.
type Screen struct {
	mu    sync.Mutex
	w     io.Writer
	size  func() (columns, rows int) // nil: it is no terminal
	drawn []string
	at    int // the columns that the terminal had then
}

// NewScreen writes to w, which is a terminal where it is a file that is one.
func NewScreen(w io.Writer) *Screen {
	if f, ok := w.(*os.File); ok && isTerminal(f) {
		return NewTerminal(f, func() (int, int) { return sizeOf(f) })
	}
	return &Screen{w: w}
}

// NewTerminal writes to a terminal of that size.
func NewTerminal(w io.Writer, size func() (columns, rows int)) *Screen {
	return &Screen{w: w, size: size}
}

// CanDraw tells whether Draw has an effect.
func (s *Screen) CanDraw() bool { return s.size != nil }

// Size returns what the terminal has at the moment.
func (s *Screen) Size() (columns, rows int) {
	if s.size == nil {
		return defaultColumns, defaultRows
	}
	return s.size()
}

// Write writes a message above the lines that are drawn. Messages end in a line
// feed.
func (s *Screen) Write(message []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.drawn) == 0 {
		return s.w.Write(message)
	}
	var b bytes.Buffer
	columns, _ := s.size()
	s.top(&b, columns)
	b.WriteString(eraseBelow)
	b.Write(message)
	if !bytes.HasSuffix(message, []byte("\n")) {
		b.WriteByte('\n')
	}
	s.lines(&b, s.drawn)
	s.at = columns
	if _, err := s.w.Write(b.Bytes()); err != nil {
		return 0, err
	}
	return len(message), nil
}

// Around calls write, which writes whole lines to the same terminal in another
// way, while nothing is drawn.
func (s *Screen) Around(write func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.drawn) == 0 {
		write()
		return
	}
	var b bytes.Buffer
	columns, _ := s.size()
	s.top(&b, columns)
	b.WriteString(eraseBelow)
	s.flush(&b)
	write()
	s.lines(&b, s.drawn)
	s.at = columns
	s.flush(&b)
}

// Draw puts lines in the place of those that were drawn before; none erases
// them. No line may be wider than the terminal, nor the lines more than its rows
// but one.
func (s *Screen) Draw(lines []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size == nil {
		return
	}
	columns, _ := s.size()
	if slices.Equal(lines, s.drawn) && columns == s.at {
		return
	}
	var b bytes.Buffer
	s.top(&b, columns)
	// What is overwritten before the rest is erased does not flicker.
	s.lines(&b, lines)
	b.WriteString(eraseBelow)
	s.drawn, s.at = slices.Clone(lines), columns
	s.flush(&b)
}

// Control sequences of ECMA-48.
const (
	up         = "\x1b[%dA"
	eraseRight = "\x1b[K"
	eraseBelow = "\x1b[J"
)

// top moves the cursor to the first of the lines that are drawn. A terminal that
// has become narrower has wrapped them.
func (s *Screen) top(b *bytes.Buffer, columns int) {
	rows := 0
	for _, line := range s.drawn {
		rows += max(1, (Width(line)+columns-1)/columns)
	}
	b.WriteByte('\r')
	if rows > 0 {
		fmt.Fprintf(b, up, rows)
	}
}

func (s *Screen) lines(b *bytes.Buffer, lines []string) {
	for _, line := range lines {
		b.WriteString(line)
		b.WriteString(eraseRight + "\n")
	}
}

// flush writes all at once, so that no other process writes in between. There is
// nowhere to complain to.
func (s *Screen) flush(b *bytes.Buffer) {
	_, _ = s.w.Write(b.Bytes())
	b.Reset()
}

// Width is the number of columns that text takes, without its colours.
func Width(text string) int {
	width := 0
	for {
		before, after, found := strings.Cut(text, "\x1b[")
		width += runewidth.StringWidth(before)
		if !found {
			return width
		}
		_, text, _ = strings.Cut(after, "m")
	}
}

func sizeOf(f *os.File) (columns, rows int) {
	columns, rows, err := term.GetSize(int(f.Fd()))
	if err != nil || columns < 1 || rows < 1 {
		return defaultColumns, defaultRows
	}
	return columns, rows
}
